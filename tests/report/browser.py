"""Headless Chromium by its DevTools protocol over a pipe: no driver, no port, nothing but the standard library."""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from select import select

import pytest

# Quiet, offline, and content to run as root in a container.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--remote-debugging-pipe",
)  # fmt: skip
WAIT = 60.0
_AS_3_AND_4 = """
import fcntl, os, sys
read, write = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(read, 3)
os.dup2(write, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


@dataclass
class Page:
    """One tab: send a command, run a script, collect what the page complains about."""

    write: int
    read: int
    session: str = ""
    number: int = 0
    pending: bytes = b""
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def send(self, method: str, **parameters: object) -> Mapping:
        """The answer to a DevTools command; events that arrive on the way are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        return self.until(lambda answer: answer.get("id") == self.number).get("result", {})

    def until(self, wanted: object) -> Mapping:
        """Read messages until one is wanted; a protocol error or silence is a failure."""
        deadline = time.monotonic() + WAIT
        while True:
            message = self.receive(deadline)
            if "error" in message:
                raise RuntimeError(f"chromium refused: {message['error']}")
            self.note(message)
            if wanted(message):  # type: ignore[operator]
                return message

    def receive(self, deadline: float) -> Mapping:
        """The next message."""
        while b"\0" not in self.pending:
            if not select([self.read], [], [], max(deadline - time.monotonic(), 0))[0]:
                raise TimeoutError(f"chromium said nothing for {WAIT:g} s.")
            self.pending += os.read(self.read, 1 << 20)
        message, self.pending = self.pending.split(b"\0", 1)
        return json.loads(message)

    def note(self, message: Mapping) -> None:
        """Keep console errors, exceptions, log entries and addresses asked for."""
        method, parameters = message.get("method", ""), message.get("params", {})
        if method == "Runtime.exceptionThrown" or (
            method == "Runtime.consoleAPICalled" and parameters["type"] in {"error", "warning"}
        ):
            self.complaints.append(json.dumps(parameters)[:500])
        if method == "Log.entryAdded" and parameters["entry"]["level"] in {"error", "warning"}:
            self.complaints.append(parameters["entry"]["text"])
        if method == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog: {parameters['message']}")
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])

    def open(self, path: Path, *, width: int, height: int = 900, dark: bool = False) -> None:
        """Show a file in a viewport of a size in CSS pixels."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=path.resolve().as_uri())
        self.until(lambda message: message.get("method") == "Page.loadEventFired")

    def run(self, script: str) -> object:
        """The value of a JavaScript expression, awaited where it is a promise; what it throws is a failure."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"the script threw: {json.dumps(answer['exceptionDetails'])[:500]}")
        return answer["result"].get("value")

    def press(self, key: str, code: int, *, text: str = "") -> None:
        """A key of the keyboard, down and up."""
        known = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.send("Input.dispatchKeyEvent", type="keyDown", **known, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **known)

    def pdf(self) -> bytes:
        """The page as a browser prints it on A4, with its default margins."""
        answer = self.send("Page.printToPDF", printBackground=True, paperWidth=8.27, paperHeight=11.69)
        return base64.b64decode(answer["data"])

    def screenshot(self, path: Path) -> None:
        """The whole page as a PNG."""
        answer = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(answer["data"]))


def or_skip() -> None:
    """Skip where there is no browser: the README's command needs Python and pip alone. CI, which installs it, skips nothing."""
    if shutil.which("chromium") is None and "CI" not in os.environ:
        pytest.skip("there is no `chromium` on PATH: apt-get install -y chromium")


@contextmanager
def chromium(profile: Path) -> Iterator[Page]:
    """A fresh tab of the `chromium` on PATH; fails where there is none."""
    binary = shutil.which("chromium")
    if binary is None:
        raise RuntimeError("these tests need a browser called `chromium` on PATH: apt-get install -y chromium")
    command_read, command_write = os.pipe()
    answer_read, answer_write = os.pipe()
    process = _start([binary, *FLAGS, f"--user-data-dir={profile}"], command_read, answer_write)
    try:
        yield _first_tab(Page(command_write, answer_read))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for end in (command_write, answer_read):
            os.close(end)


def _start(command: list[str], read: int, write: int) -> subprocess.Popen:
    """Chromium with file descriptors 3 and 4 as its DevTools pipe, put there by a child of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", _AS_3_AND_4, str(read), str(write), *command],
        pass_fds=(read, write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    os.close(read)
    os.close(write)
    return process


def _first_tab(page: Page) -> Page:
    target = page.send("Target.createTarget", url="about:blank")["targetId"]
    page.session = page.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network"):
        page.send(f"{domain}.enable")
    return page

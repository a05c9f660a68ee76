"""A sweep by worker processes, killed without warning and resumed: nothing lost, nothing run twice, the same digits."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import psutil
import pytest

CONFIG = """\
name: geyser
data: {dataset: faithful}
mcmc: null
em: {starts: 2}
report: {formats: [md]}
sweep: {product: {model.components: [1, 2], seed: [1, 2, 3]}}
"""
COMMAND = [sys.executable, "-m", "gmm_ppl.cli", "run", "x.yaml", "--workers", "2"]
DIGITS = ("metrics.json", "summary.csv")


def manifests(place: str) -> dict[str, bytes]:
    """The manifest of every run that is done: of one half written, whose directory's name begins with a dot, none."""
    return {path.parent.name: path.read_bytes() for path in Path(place).glob("runs/[!.]*/manifest.json")}


def ended(processes: list[psutil.Process], within: float = 60.0) -> bool:
    """Wait until every one has ended (one that nobody has reaped has too)."""
    until = time.monotonic() + within
    while any(alive(each) for each in processes) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(alive(each) for each in processes)


def alive(process: psutil.Process) -> bool:
    """Whether it still runs."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def run(*words: str, environment: dict[str, str]) -> None:
    """The command, to its end."""
    subprocess.run([*COMMAND, *words], env=environment, check=True, capture_output=True)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Of the processes: an empty cache of compiled programs, and this package."""
    monkeypatch.chdir(tmp_path)
    root = str(Path(__file__).parents[2])
    return {**os.environ, "GMM_PPL_CACHE": str(tmp_path / "cache"), "PYTHONPATH": root}


@pytest.mark.slow
def test_killed_and_resumed_it_is_the_sweep_that_was_never_stopped(write: Callable[..., Path], environment: dict[str, str]):
    write(CONFIG)
    with subprocess.Popen(COMMAND, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while len(manifests("reports/geyser")) < 2:
            assert process.poll() is None
            time.sleep(0.02)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
    assert ended(workers)  # by themselves, once their sweep has gone
    before = manifests("reports/geyser")
    assert 2 <= len(before) < 6
    run(environment=environment)
    after = manifests("reports/geyser")
    assert len(after) == 6
    assert {name: after[name] for name in before} == before
    assert pd.read_csv("reports/geyser/index.csv")["status"].tolist() == ["done"] * 6
    assert not [path for path in Path("reports/geyser/runs").iterdir() if path.name.startswith(".")]
    run("--out", "reports/whole", environment=environment)
    for name in after:
        for file in DIGITS:
            one, other = (Path(f"reports/{place}/runs/{name}/{file}").read_bytes() for place in ("geyser", "whole"))
            assert one == other


@pytest.mark.slow
def test_another_backend_has_the_same_digits(write: Callable[..., Path], environment: dict[str, str]):
    write(CONFIG.replace("[1, 2, 3]", "[1, 2]").replace("[1, 2],", "[2],"))
    run(environment=environment)
    run("--out", "reports/dask", "--backend", "dask", environment=environment)
    one, other = (pd.read_csv(f"reports/{name}/index.csv").drop(columns="seconds") for name in ("geyser", "dask"))
    pd.testing.assert_frame_equal(one, other, check_exact=True)

"""A report as PDF, printed by a browser of the Chromium family: what one sees is what is printed, formulae included."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from gmm_ppl.errors import InputError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
SECONDS = 120


def print_pdf(page: Path, out: Path) -> None:
    """Print an HTML report to a PDF file, which appears once it is whole.

    Raises:
        InputError: no report, no browser on the PATH, no directory to write to, or a browser that does not print.
    """
    if not page.is_file():
        raise InputError(f"{page}: there is no such report; `gmm-ppl report` makes it, where `report.formats` has html")
    if not out.absolute().parent.is_dir():
        raise InputError(f"--pdf {out}: there is no directory {out.parent}; make it first")
    with tempfile.TemporaryDirectory(prefix="gmm-ppl-pdf-") as scratch:
        printed = Path(scratch) / "report.pdf"
        _print(_browser(), page, printed, profile=Path(scratch) / "profile")
        if not printed.is_file():
            raise InputError(f"--pdf {out}: the browser printed nothing; open {page} in one and print it from there")
        shutil.move(printed, out)


def _browser() -> str:
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    raise InputError(
        "--pdf: printing needs a browser of the Chromium family on the PATH (Debian's package is called chromium); or open "
        "report.html in any browser and print it from there"
    )


def _print(browser: str, page: Path, out: Path, *, profile: Path) -> None:
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={profile}")
    command = [browser, *flags, f"--print-to-pdf={out}", page.absolute().as_uri()]
    try:
        subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise InputError(f"--pdf: {browser} did not print within {SECONDS} s; open {page} in a browser and print it") from None

"""A printed page, on A4: nothing sticks out, no figure is cut, folds are open, nothing that only a screen can use."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.report.browser import Page, chromium, or_skip

pytestmark = pytest.mark.browser

# A4 less Chromium's margins of 0.4 inches, in CSS pixels.
WIDTH, HEIGHT = 717, 1045
FIGURES = "[...document.querySelectorAll('figure:not(.table)')]"
OVERFLOWING = """
[...document.querySelectorAll('main, .scroll')].filter(each => each.scrollWidth > each.clientWidth + 1)
  .map(each => each.getAttribute('aria-label') + ' ' + each.scrollWidth)
"""
SEEN = "[...document.querySelectorAll('details table, details dl')].every(each => each.checkVisibility() && each.offsetHeight)"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    or_skip()
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def show(page: Page, path: Path) -> None:
    page.open(path, width=WIDTH, height=HEIGHT, dark=True)
    page.send("Emulation.setEmulatedMedia", media="print")


@pytest.mark.parametrize("name", ["full", "bad", "eight components"])
def test_it_fits_the_paper_and_no_figure_is_cut(name: str, page: Page, written: Callable[[str], Path]) -> None:
    show(page, written(name) / "report.html")
    assert page.run(OVERFLOWING) == []
    assert page.run(f"{FIGURES}.length") == 8
    assert page.run(f"{FIGURES}.every(each => getComputedStyle(each).breakInside === 'avoid')") is True
    assert page.run(f"Math.max(...{FIGURES}.map(each => each.offsetHeight))") < HEIGHT
    page.send("Emulation.setEmulatedMedia", media="")


def test_folds_are_open_and_what_is_for_screens_is_gone(page: Page, written: Callable[[str], Path]) -> None:
    show(page, written("eight components") / "report.html")
    assert page.run("document.querySelectorAll('details').length") > 0
    assert page.run(SEEN) is True
    assert page.run("[...document.querySelectorAll('nav, summary')].some(each => each.checkVisibility())") is False
    assert page.run("getComputedStyle(document.querySelector('th button'), '::after').display") == "none"
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.send("Emulation.setEmulatedMedia", media="")


def test_a_browser_makes_a_pdf_of_it(page: Page, written: Callable[[str], Path]) -> None:
    page.open(written("full") / "report.html", width=1280)
    whole = page.pdf()
    assert whole.startswith(b"%PDF")
    assert 4 <= len(re.findall(rb"/Type /Page\b", whole)) <= 20

"""The page in a real browser: silent, offline, within its width, every label inside its figure and legible."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.report.browser import Page, chromium, or_skip

pytestmark = pytest.mark.browser
PHONE, DESKTOP = 390, 1280
SIZES = ((360, 740), (768, 1024), (1280, 900), (1920, 1080))

# Labels that stick out of their drawing by more than a pixel, with the page's own fonts.
CLIPPED = """
[...document.querySelectorAll('figure svg')].flatMap(svg => {
  const box = svg.viewBox.baseVal;
  const corner = (text, x, y) => new DOMPoint(x, y).matrixTransform(svg.getScreenCTM().inverse().multiply(text.getScreenCTM()));
  return [...svg.querySelectorAll('text')].filter(text => {
    const b = text.getBBox();
    const corners = [[b.x, b.y], [b.x + b.width, b.y], [b.x, b.y + b.height], [b.x + b.width, b.y + b.height]];
    return corners.map(c => corner(text, ...c)).some(p => p.x < -1 || p.y < -1 || p.x > box.width + 1 || p.y > box.height + 1);
  }).map(text => svg.closest('figure').id + ': ' + text.textContent);
})
"""
SMALLEST = """
Math.min(...[...document.querySelectorAll('figure svg')].flatMap(svg =>
  [...svg.querySelectorAll('text')].map(text => parseFloat(getComputedStyle(text).fontSize) * svg.getScreenCTM().a)))
"""
UNFOLD = "document.querySelectorAll('details').forEach(fold => fold.open = true)"
# Links whose target, once followed, does not begin within the viewport.
ASTRAY = """
(async () => {
  document.documentElement.style.scrollBehavior = 'auto';
  const astray = [];
  for (const link of document.querySelectorAll('a[href]')) {
    link.click();
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const target = document.getElementById(link.getAttribute('href').slice(1));
    const top = target?.getBoundingClientRect().top;
    if (!(top >= -1 && top < innerHeight)) astray.push(link.getAttribute('href') + ' ' + top);
  }
  return astray;
})()
"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    or_skip()
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.parametrize("name", ["full", "diagonal, hostile", "bad", "one feature", "eight components"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_page_is_silent_offline_and_within_its_width(
    name: str, width: int, height: int, page: Page, written: Callable[[str], Path]
) -> None:
    page.complaints.clear()
    page.requests.clear()
    page.open(written(name) / "report.html", width=width, height=height)
    page.run(UNFOLD)
    assert page.run("document.querySelectorAll('section').length") == len({*page_sections(name)})
    assert page.run(SIDEWAYS) == 0
    assert page.run(CLIPPED) == []
    assert page.run(SMALLEST) >= 7.5
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith(("file:", "data:image/png"))] == []


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_link_arrives(width: int, height: int, page: Page, written: Callable[[str], Path]) -> None:
    page.open(written("full") / "report.html", width=width, height=height)
    assert page.run("document.querySelectorAll('a[href]').length") == len(page_sections("full"))
    assert page.run(ASTRAY) == []


def page_sections(name: str) -> list[str]:
    from tests.report.conftest import page_of

    return [section.key for section in page_of(name).sections]


def test_the_verdict_is_on_the_first_screen_of_a_phone(page: Page, written: Callable[[str], Path]) -> None:
    page.open(written("full") / "report.html", width=PHONE)
    assert page.run("document.querySelector('.standings').getBoundingClientRect().bottom") < 844


def test_a_dark_page_is_dark_and_its_figures_too(page: Page, written: Callable[[str], Path]) -> None:
    page.open(written("full") / "report.html", width=DESKTOP, dark=True)
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(21, 25, 30)"
    fill = "getComputedStyle(document.querySelector('#figure-components svg text')).fill"
    assert page.run(fill) in {"rgb(230, 233, 238)", "rgb(160, 169, 180)"}


def test_folds_open_without_scripts(page: Page, written: Callable[[str], Path]) -> None:
    page.open(written("diagonal, hostile") / "report.html", width=DESKTOP)
    page.run("document.querySelector('details summary').click()")
    assert page.run("document.querySelector('details').open") is True


def test_a_missing_browser_is_an_error_that_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="apt-get install -y chromium"), chromium(tmp_path):
        pass

"""axe-core on the page, at a phone's width and a desk's, light and dark: no violation."""

import json
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from gmm_ppl.calibration.engines import ENGINES
from gmm_ppl.calibration.replication import Question
from gmm_ppl.calibration.run import Calibration, Replications
from gmm_ppl.calibration.verdict import judge
from gmm_ppl.data.tables import as_table
from gmm_ppl.model.specification import Mixture
from gmm_ppl.report.calibration import write_calibration
from gmm_ppl.report.comparison import write_comparison
from tests.report.browser import Page, chromium, or_skip
from tests.report.conftest import SCRIPT
from tests.report.synthetic import FAITHFUL, rows
from tests.report.test_comparison_page import compared

pytestmark = pytest.mark.browser

RUN = """
axe.run(document, {resultTypes: ['violations', 'incomplete']}).then(found => JSON.stringify(
  found.violations.map(each => [each.id, each.help, each.nodes.slice(0, 3).map(node => node.html.slice(0, 200))])))
"""


def simulated() -> Calibration:
    """Uniform ranks but for one quantity's, which pile up at the low end."""
    mixture = Mixture(2).resolve(as_table(rows(FAITHFUL, 100, 0)))
    rng = np.random.default_rng(0)
    ranks = rng.integers(0, 64, (200, 5))
    ranks[:, 1] //= 2
    found = Replications(ranks + 0.0, ranks, rng.normal(0, 0.1, ranks.shape), np.ones(200, dtype=bool), {"r_hat": np.ones(200)})
    names = ("weights[0]", "means[0, 0]", SCRIPT, "a|b", "log likelihood")
    question = Question(mixture, ENGINES["nuts"], {}, 100, 2, 63, 0)
    return Calibration(question, "nuts", 200, names, found, 3.0, 5.0)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    or_skip()
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def violations(page: Page, path: Path, *, width: int, dark: bool) -> list:
    """What axe-core objects to, with everything unfolded; DevTools' own scripts are not under the page's policy."""
    page.open(path, width=width, dark=dark)
    page.run("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    page.run(files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    return json.loads(str(page.run(RUN)))


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1280, False)], ids=["phone, dark", "desk, light"])
@pytest.mark.parametrize("name", ["full", "diagonal, hostile", "bad", "one feature"])
def test_a_report_is_accessible(name: str, width: int, dark: bool, page: Page, written: Callable[[str], Path]) -> None:
    assert violations(page, written(name) / "report.html", width=width, dark=dark) == []


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1280, False)], ids=["phone, dark", "desk, light"])
def test_a_calibration_is_accessible(width: int, dark: bool, page: Page, tmp_path: Path) -> None:
    calibration = simulated()
    write_calibration(tmp_path, calibration, judge(calibration), {"name": "calibrated", "command": "gmm-ppl calibrate"})
    assert violations(page, tmp_path / "calibration.html", width=width, dark=dark) == []


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1280, False)], ids=["phone, dark", "desk, light"])
def test_a_comparison_is_accessible_and_quiet(width: int, dark: bool, page: Page, tmp_path: Path) -> None:
    write_comparison(tmp_path, compared(SCRIPT), {"command": "gmm-ppl compare a b"})
    assert violations(page, tmp_path / "comparison.html", width=width, dark=dark) == []
    assert page.complaints == []
    assert all(request.startswith(("file:", "data:")) for request in page.requests)
    assert page.run("document.documentElement.scrollWidth <= window.innerWidth") is True
    assert page.run("[...document.querySelectorAll('nav a')].every(a => document.querySelector(a.getAttribute('href')))") is True
    assert SCRIPT in str(page.run("document.body.innerText"))


def test_a_fault_would_be_found(page: Page, tmp_path: Path, written: Callable[[str], Path]) -> None:
    whole = (written("full") / "report.html").read_text(encoding="utf-8")
    broken = re.sub(r'(<svg[^>]*?) aria-label="[^"]*"', r"\1", whole.replace('<html lang="en">', "<html>"))
    (tmp_path / "broken.html").write_text(broken, encoding="utf-8")
    found = {each[0] for each in violations(page, tmp_path / "broken.html", width=1280, dark=False)}
    assert {"html-has-lang", "svg-img-alt"} <= found

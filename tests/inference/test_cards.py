"""What notebooks show: the numbers of the fit, escaped, for every kind of fit, without matplotlib."""

import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.cards import MOST_COLUMNS, MOST_ROWS, card, component_table, number
from gmm_ppl.inference.base import DrawsFit, LaplaceFit, NutsFit, PointFit, Status

SCRIPT = "<script>alert(1)</script>"


class Read(HTMLParser):
    """Tags and texts of a card; tags must nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(60, 2))


@pytest.fixture(scope="module")
def point(x: np.ndarray) -> PointFit:
    return gp.fit(gp.Mixture(2), x, starts=2)


def test_a_point_shows_its_status_its_likelihood_and_its_components(point: PointFit) -> None:
    read = Read(point._repr_html_())
    assert point.status.value in read.texts
    assert f"{point.log_likelihood:.10g} nats".replace("-", "−") in read.texts
    assert read.tags.count("tr") == 3
    for k in range(2):
        assert f"{point.parameters.weights[k]:.4g}" in read.texts
        sd = np.sqrt(point.parameters.covariances[k, 1, 1])
        assert f"{point.parameters.means[k, 1]:.4g} ± {sd:.4g}".replace("-", "−") in read.texts


def test_a_failed_point_is_shown_with_its_words_and_no_numbers(point: PointFit) -> None:
    nothing = replace(point.parameters.covariance, covariances=np.full((2, 2, 2), np.nan))
    failed = replace(
        point, status=Status.COLLAPSED, log_likelihood=np.nan, parameters=replace(point.parameters, covariance=nothing)
    )
    read = Read(failed._repr_html_())
    assert Status.COLLAPSED.value in read.texts
    assert "– nats" in read.texts


def test_draws_show_how_they_were_made(point: PointFit) -> None:
    draws = gp.laplace(point.mixture, np.random.default_rng(0).normal(size=(60, 2)), start=point, draws=50, chains=2)
    assert isinstance(draws, LaplaceFit)
    read = Read(draws._repr_html_())
    assert any(text.startswith("2 × 50 by laplace") for text in read.texts)
    assert any(text.startswith(number(draws.log_evidence, digits=7)) for text in read.texts)
    assert point.status.value in read.texts


def test_divergences_are_counted(point: PointFit) -> None:
    parameters = replace(point.parameters, weights=np.ones((3, 7, 2)) / 2)
    diverging = np.zeros((3, 7), dtype=bool)
    diverging[0, :2] = True
    fit = DrawsFit(point.mixture, parameters, {}, {}, {"diverging": diverging}, point, 1.0, 0)
    texts = Read(fit._repr_html_()).texts
    assert "3 × 7 by nuts, in 1 s" in texts
    assert texts[texts.index("divergences") + 1] == "2"
    assert NutsFit._repr_html_ is DrawsFit._repr_html_


@pytest.mark.parametrize(
    ("prior", "words"),
    [("weak", "weak"), ({"kind": SCRIPT}, "{'kind': '<script>alert(1)</script>'}"), (lambda k, d: None, "<lambda>")],
)
def test_a_mixture_says_what_it_is(prior: object, words: str) -> None:
    read = Read(gp.Mixture(3, "tied", prior=prior)._repr_html_())
    assert {"3", "tied", words} <= set(read.texts)
    assert "script" not in read.tags


def test_a_resolved_mixture_names_its_law(point: PointFit) -> None:
    assert type(point.mixture.prior).__name__ in Read(point.mixture._repr_html_()).texts


def test_everything_is_escaped() -> None:
    read = Read(card(SCRIPT, [(SCRIPT, "' onload='x")], [SCRIPT], [[SCRIPT]]))
    assert "script" not in read.tags
    assert read.texts.count(SCRIPT) == 4


def test_a_large_table_is_cut_and_says_so() -> None:
    columns, rows = component_table(np.full(20, 0.05), np.zeros((20, 9)), np.ones((20, 9)))
    read = Read(card("t", [], columns, rows))
    assert read.tags.count("tr") == 1 + MOST_ROWS
    assert read.tags.count("th") == MOST_COLUMNS
    assert f"and {20 - MOST_ROWS} more rows, {11 - MOST_COLUMNS} more columns" in read.texts


@pytest.mark.parametrize(("value", "text"), [(-1234.5678, "−1235"), (np.nan, "–"), (-np.inf, "−∞"), (0.0, "0")])
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_nothing_is_drawn() -> None:
    code = "import sys, gmm_ppl as gp; gp.Mixture(2)._repr_html_(); gp.PointFit; print('matplotlib' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"

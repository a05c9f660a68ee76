"""The gallery: the report's own drawings, as axes; nothing global is left changed, nothing is drawn elsewhere."""

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes

import gmm_ppl as gp
from gmm_ppl.errors import InputError
from gmm_ppl.report.figures import FIGURES
from gmm_ppl.report.terminal import terminal_lines
from tests.report.conftest import page_of, tree_of
from tests.report.synthetic import FLOWERS, sampled

GALLERY = ("agreement", "components", "marginals", "objective", "pit", "predictive", "responsibilities", "traces")
ALONE = ("agreement", "components", "objective", "responsibilities")


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    mpl.use("agg")
    before = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == before


def all_of(drawn: object) -> list[Axes]:
    return list(np.ravel(drawn))


def vertices(axes: Axes) -> list[np.ndarray]:
    """Everything that lines and patches say."""
    return [line.get_xydata() for line in axes.lines] + [patch.get_path().vertices for patch in axes.patches]


def test_every_figure_of_the_report_is_in_the_gallery() -> None:
    assert {make.__name__.removesuffix("_figure") for _, make in FIGURES} == set(GALLERY)
    assert set(gp.plots.__all__) == {*GALLERY, "criteria"}
    assert all("How to read it" in getattr(gp.plots, name).__doc__ for name in gp.plots.__all__)


@pytest.mark.parametrize("name", GALLERY)
def test_it_draws_what_the_report_draws(name: str) -> None:
    drawn = all_of(getattr(gp.plots, name)(tree_of("full")))
    block = next(block for block in page_of("full").figures if block.name == name)
    reported = [axes for axes in block.figure.axes if axes.axison]
    assert len(drawn) == len(reported)
    for ours, theirs in zip(drawn, reported, strict=True):
        assert (ours.get_xlabel(), ours.get_title(loc="left")) == (theirs.get_xlabel(), theirs.get_title(loc="left"))
        for one, other in zip(vertices(ours), vertices(theirs), strict=True):
            np.testing.assert_array_equal(one, other)
    assert {axes.figure.number for axes in drawn} == set(plt.get_fignums())
    drawn[0].figure.canvas.draw()


@pytest.mark.parametrize("name", ALONE)
def test_it_draws_where_it_is_told(name: str) -> None:
    figure, (mine, other) = plt.subplots(1, 2)
    assert getattr(gp.plots, name)(tree_of("full"), ax=mine) is mine
    assert mine.has_data()
    assert not other.has_data()
    assert plt.get_fignums() == [figure.number]
    figure.canvas.draw()


def test_names_are_not_read_as_mathematics_when_drawn_later() -> None:
    names = ("a", "petal $len$ {x}^2", "$\\frac{", "d")
    drawn = all_of(gp.plots.marginals(sampled(FLOWERS, names=names)))
    drawn[0].figure.canvas.draw()
    assert names[1] in [axes.get_xlabel() for axes in drawn]


def test_several_panels_do_not_fit_into_one_axes() -> None:
    figure, mine = plt.subplots()
    with pytest.raises(InputError, match=r"ax: this figure has 2 × 2 panels; leave ax away"):
        gp.plots.components(tree_of("eight components"), ax=mine)
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize(
    ("name", "tree", "words"),
    [
        ("traces", "no draws", "traces: this figure needs posterior draws, which the result does not have"),
        ("agreement", "no draws", "posterior draws"),
        ("predictive", "no draws", "replicated data"),
        ("marginals", "one feature", "for one, draw components"),
        ("responsibilities", "one component", "two components or more"),
    ],
)
def test_what_is_missing_is_said(name: str, tree: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        getattr(gp.plots, name)(tree_of(tree))
    assert plt.get_fignums() == []


def test_a_posterior_from_elsewhere_is_refused_in_words() -> None:
    foreign = tree_of("full").filter(lambda node: node.path not in ("/em_fit", "/observed_data"))
    with pytest.raises(InputError, match="no em_fit, no observed_data: reports and figures need one of this library's own"):
        gp.plots.components(foreign)
    with pytest.raises(InputError, match="this result has no em_fit"):
        next(iter(terminal_lines(foreign)))


def test_a_fit_needs_its_rows_and_then_draws_as_its_tree() -> None:
    x = gp.as_table(gp.datasets.load("faithful"))
    fit = gp.fit(gp.Mixture(2), x, starts=2)
    with pytest.raises(InputError, match="a PointFit does not hold its rows"):
        gp.plots.components(fit)
    with pytest.raises(InputError, match="a labelled result has its rows"):
        gp.plots.components(tree_of("full"), x)
    drawn, same = gp.plots.components(fit, x), gp.plots.components(gp.to_datatree(fit, x))
    for one, other in zip(vertices(drawn), vertices(same), strict=True):
        np.testing.assert_array_equal(one, other)


def test_criteria_are_those_of_the_fits_and_the_smallest_is_marked() -> None:
    x = gp.as_table(gp.datasets.load("faithful"))
    fits = gp.fit_range(gp.Mixture(1), x, [3, 1, 2], starts=2)
    axes = gp.plots.criteria(fits, x, names=("bic", "aic"))
    lines = {line.get_gid(): line.get_xydata() for line in axes.lines}
    for name in ("bic", "aic"):
        expected = np.array([[k, gp.criteria(gp.to_datatree(fits[k], x))[name]] for k in (1, 2, 3)])
        np.testing.assert_allclose(lines[name], expected, rtol=1e-12)
        np.testing.assert_array_equal(lines[f"best {name}"], expected[[expected[:, 1].argmin()]])
    assert f"smallest at K = {int(lines['best bic'][0, 0])}" in axes.get_legend().get_texts()[0].get_text()


@pytest.mark.parametrize(("fits", "names"), [({}, ("bic",)), ({1: None}, ("waic",)), ({1: None}, ())])
def test_criteria_that_cannot_be_drawn(fits: dict, names: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="give fit_range's answer and names among aic, bic, icl"):
        gp.plots.criteria(fits, np.zeros((3, 2)), names=names)

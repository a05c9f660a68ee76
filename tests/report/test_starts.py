"""Where starts began: places are told apart, kinds are counted, and the report says what their agreement is worth."""

import numpy as np
import pytest
import xarray as xr

from gmm_ppl.report.findings import gather
from gmm_ppl.report.page import Paragraph
from gmm_ppl.report.sections.em import em_section
from gmm_ppl.report.starts import Starts, starts_of
from tests.report.synthetic import STARTS, em_only, sampled


def with_starts(kind: list[str], optimum: list[int], first: list[float] | None = None) -> xr.DataTree:
    """A result whose starts began as these kinds, at these objectives, and ended in these optima."""
    tree, fewer = em_only(number=60), slice(len(kind))
    for group in ("em_trace", "em_restarts"):
        tree[group] = xr.DataTree(tree[group].to_dataset().isel(start=fewer))
    restarts = tree["em_restarts"].to_dataset()
    objective = restarts["objective"].max().item() - 8.0 * np.array(optimum)
    found = restarts.assign(kind=("start", kind), optimum=("start", optimum), objective=("start", objective))
    tree["em_restarts"] = xr.DataTree(found)
    tree["em_trace"].dataset["objective"].values[:, 0] = first or np.arange(len(kind))
    return tree


def said(tree: xr.DataTree) -> str:
    """The second sentence of the section on EM."""
    blocks = [block for block in em_section(gather(tree)).blocks if isinstance(block, Paragraph)]
    return str(blocks[1].parts[0])


def test_places_are_of_one_kind_and_one_objective():
    kind = np.array(["kmeans", "kmeans", "kmeans", "random", "random"])
    starts = Starts(np.array([-5.0, -5.0 + 1e-9, -7.0, -5.0, -6.0]), np.zeros(5), np.array([0, 0, 0, 0, 1]), kind, 100)
    assert starts.places(starts.optimum == 0) == 3
    assert starts.places(starts.optimum == 1) == 1
    assert starts.places(starts.optimum == 2) == 0
    assert starts.kinds(starts.optimum == 0) == {"kmeans": 3, "random": 1}


def test_starts_that_short_runs_led_to_their_ends_began_apart():
    """What they began with is not told: each had a place of its own, and the two that went on from one place had one."""
    first = np.array([-2.0, -2.0, -2.0, -9.0, -9.0])
    starts = Starts(first, np.full(5, -2.0), np.zeros(5, int), np.full(5, "nearest"), 100)
    assert starts.places(starts.optimum == 0) == 4


@pytest.mark.parametrize(
    ("kind", "optimum", "first", "sentence"),
    [
        (
            ["kmeans", "random", "unions", "kmeans"], [0, 0, 1, 0], None,
            "3 starts ended at the best optimum; they began in 3 different places, as kmeans (2) and random (1).",
        ),
        (
            ["kmeans", "kmeans", "kmeans"], [0, 0, 0], [1.0, 1.0, 1.0],
            "3 starts ended at the best optimum, but all began in one place, as kmeans: that they agree says nothing.",
        ),
        (
            ["random", "random", "random"], [0, 0, 1], None,
            "2 starts ended at the best optimum; they began in 2 different places, but all as random: no other kind was tried.",
        ),
        (
            ["unions", "unions", "kmeans"], [0, 0, 1], None,
            "2 starts ended at the best optimum; they began in 2 different places, but all as unions: no start of another kind "
            "ended there.",
        ),
        (
            ["kmeans", "unions, split and merged"], [1, 0], None,
            "Only one start found the best optimum (it began as unions, split and merged): no other confirms it.",
        ),
        (["given"], [0], None, "There was one start only, so nothing says that its optimum is the best."),
    ],
)  # fmt: skip
def test_the_report_says_what_agreement_is_worth(kind: list[str], optimum: list[int], first: list[float] | None, sentence: str):
    assert said(with_starts(kind, optimum, first)) == sentence


def test_files_of_earlier_versions_do_not_say_where_starts_began():
    tree = em_only()
    tree["em_restarts"] = xr.DataTree(tree["em_restarts"].to_dataset().drop_vars("kind"))
    assert said(tree) == "4 starts ended at the best optimum; they began in 4 different places."
    assert not starts_of(tree).kinds_known
    bare = sampled()
    del bare["em_trace"], bare["em_restarts"]
    assert starts_of(bare).places(np.array([True])) == 1
    assert starts_of(em_only()).objective.size == STARTS

"""Trees of every engine: who drew, what is said once for all draws, and the modes of chains that disagree."""

import numpy as np
import pytest

from gmm_ppl.results.datatree import to_datatree
from gmm_ppl.results.metrics import metrics
from gmm_ppl.results.store import load, save
from tests.results.engines import ROWS, laplace_fit, tempered_fit, two_modes
from tests.results.fits import table

QUICK = {"prior_draws": 0, "predictive_draws": 5}


@pytest.fixture(scope="module")
def apart():
    return to_datatree(two_modes(), ROWS, **QUICK)


def test_a_tempered_tree_says_who_drew_and_what_the_evidence_is(tmp_path):
    tree = to_datatree(tempered_fit(), table(), **QUICK)
    stats = tree["sample_stats"]
    assert (tree.attrs["engine"], tree.attrs["inference_library"]) == ("tempered", "blackjax")
    assert {name: stats.attrs[name] for name in ("engine", "log_evidence", "log_evidence_error")} == {
        "engine": "tempered",
        "log_evidence": -210.5,
        "log_evidence_error": 0.1,
    }
    assert stats["ancestors"].dims == ("chain",)
    found = metrics(tree)
    assert found["criteria"]["log_evidence"] == -210.5
    assert found["mcmc"]["divergences"] is None
    save(tree, tmp_path / "results.nc")
    np.testing.assert_array_equal(load(tmp_path / "results.nc")["sample_stats"]["temperatures"], [11, 12])


def test_a_laplace_tree_says_how_good_the_approximation_is():
    tree = to_datatree(laplace_fit(), table(), **QUICK)
    stats = tree["sample_stats"].attrs
    assert (tree.attrs["engine"], tree.attrs["inference_library"]) == ("laplace", "gmm_ppl")
    assert [stats[name] for name in ("pareto_k", "flattest", "log_evidence", "normal_log_evidence")] == [
        0.31,
        0.4,
        -210.5,
        -210.7,
    ]
    assert metrics(tree)["criteria"]["log_evidence"] == -210.5
    assert "modes" not in tree.children


def test_draws_drawn_anew_are_still_the_approximations():
    assert laplace_fit().resampled().engine == "laplace"


def test_chains_in_two_modes_are_explained(apart):
    modes = apart["modes"].dataset
    np.testing.assert_array_equal(modes["share"].transpose("chain", "mode"), [[1, 0], [0, 1], [1, 0], [0, 1]])
    assert modes.attrs["apart"] == 1
    assert modes.attrs["climbed"] == 200
    assert modes.attrs["sentence"].startswith("Chains 0 and 2 sit in mode 0, chains 1 and 3 in mode 1: ")
    assert modes["means"].dims == ("mode", "component", "feature")
    assert set(modes.coords) >= set(modes.dims)


def test_chains_that_agree_need_no_explanation():
    tree = to_datatree(tempered_fit(), table(), **QUICK)
    assert "modes" not in tree.children


def test_rows_too_many_to_climb_are_said():
    from gmm_ppl.results.limits import Limits

    tree = to_datatree(two_modes(), ROWS, limits=Limits(evaluated=12 * 2 * 100 * 39), **QUICK)
    assert "modes" not in tree.children
    assert "modes: too many rows to follow 10 draws a chain to their optimum; call gp.modes." in tree.attrs["left_out"]

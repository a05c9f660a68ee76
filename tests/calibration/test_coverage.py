"""Coverage of intervals, from ranks that are known."""

import numpy as np
import pytest

from gmm_ppl.calibration.coverage import covered, of_level


def test_every_rank_once():
    found = of_level(np.arange(100), "x", 99, 0.9)
    assert found.expected == pytest.approx(0.9)
    assert found.share == pytest.approx(0.9)
    assert found.kept


def test_levels_are_as_near_as_draws_allow():
    few = of_level(np.arange(8), "x", 7, 0.9)
    assert few.expected == 1, "eight ranks have no interval of 90 %: the whole range is the nearest"
    assert of_level(np.arange(8), "x", 7, 0.5).expected == 0.5


@pytest.mark.parametrize(("narrower", "kept"), [(1.0, True), (0.7, False), (1.4, False)])
def test_deviations_that_are_wrong_are_seen(narrower, kept):
    """Truths of a standard normal law among draws whose deviations are another's."""
    rng = np.random.default_rng(1)
    truth, draws = rng.normal(size=2000), narrower * rng.normal(size=(2000, 99))
    ranks = (draws < truth[:, None]).sum(axis=1)
    found = covered(ranks[:, None], ("x",), 99)
    assert [each.level for each in found] == [0.5, 0.9]
    assert all(each.kept for each in found) is kept
    assert (found[1].share < found[1].expected) is (narrower < 1) or kept

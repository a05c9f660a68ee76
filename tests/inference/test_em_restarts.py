"""Traces climb, the best start is the best, seeds mean what they say, and so does the tolerance."""

import jax
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.restarts import number_optima
from tests.cases import FAMILY_NAMES
from tests.inference.conftest import MAX_STEPS, STARTS
from tests.inference.oracles import K, N, overlapping_rows
from tests.inference.programs import prior

GRID = [(family, kind) for family in FAMILY_NAMES for kind in ("flat", "weak", "conjugate")]
GRID += [("full", "separated"), ("diagonal", "separated"), ("full", "program")]
SLOW = [(family, kind) for family in ("tied", "spherical") for kind in ("separated", "program")] + [("diagonal", "program")]
EVERY = pytest.mark.parametrize(("family", "kind"), [*GRID, *(pytest.param(*pair, marks=pytest.mark.slow) for pair in SLOW)])


def again(family, kind, **changes):
    """A fit of the shapes that are compiled already."""
    mixture = gp.Mixture(K, family, prior(family, kind))
    return gp.fit(mixture, overlapping_rows(), **{"starts": STARTS, "max_steps": MAX_STEPS, **changes})


@EVERY
def test_the_objective_never_falls(fits, family, kind):
    fit = fits(family, kind)
    for trace, steps in zip(fit.restarts.trace, fit.restarts.iterations, strict=True):
        assert np.isfinite(trace[: steps + 1]).all()
        assert np.isnan(trace[steps + 1 :]).all()
        assert np.diff(trace[: steps + 1]).min() >= -1e-11 * abs(trace[0])
        # A quasi-Newton step that is refused leaves the objective where it was.
        assert (np.diff(trace[: steps // 2]) >= 0).all()
        assert trace[steps] > trace[0]


@EVERY
def test_the_best_start_is_returned(fits, family, kind):
    fit = fits(family, kind)
    restarts = fit.restarts
    assert fit.objective == restarts.objective[restarts.best] == restarts.objective.max()
    assert fit.log_likelihood == restarts.log_likelihood[restarts.best]
    assert fit.iterations == restarts.iterations[restarts.best]
    assert fit.status is restarts.status[restarts.best]
    assert restarts.optimum[restarts.best] == 0
    last = restarts.trace[np.arange(STARTS), restarts.iterations]
    np.testing.assert_array_equal(last, restarts.objective)
    assert restarts.trace.shape == (STARTS, restarts.iterations.max() + 1)


def test_optima_are_numbered_from_the_best():
    fit = gp.fit(gp.Mixture(3, "tied", "flat"), gp.datasets.load("faithful"), tolerance=1e-13, acceleration=None)
    levels = sorted(set(np.round(fit.restarts.objective, 3)), reverse=True)
    assert len(levels) > 1
    np.testing.assert_array_equal(fit.restarts.optimum, [levels.index(each) for each in np.round(fit.restarts.objective, 3)])


@pytest.mark.parametrize(
    ("objective", "usable", "wanted"),
    [
        ([-5.0, -3.0, -3.0001, -5.0], [1, 1, 1, 1], [1, 0, 0, 1]),
        ([-3.0, -3.0015, -3.0005, -3.001], [1, 1, 1, 1], [0, 0, 0, 0]),
        ([9.0, -3.0, -np.inf, -4.0], [0, 1, 0, 1], [-1, 0, -1, 1]),
        ([9.0, -np.inf], [0, 0], [-1, -1]),
    ],
    ids=["two levels", "a chain of small gaps", "failed starts", "all failed"],
)
def test_number_optima(objective, usable, wanted):
    numbers = number_optima(np.array(objective), np.array(usable, bool), gap=1e-3)
    np.testing.assert_array_equal(numbers, wanted)


@pytest.mark.parametrize("start", ["kmeans", "random"])
def test_a_seed_gives_the_same_digits(start):
    first, same = (again("full", "weak", start=start, seed=5) for _ in range(2))
    for given, wanted in zip(numbers(first), numbers(same), strict=True):
        np.testing.assert_array_equal(given, wanted)


def numbers(fit):
    return jax.tree.leaves((fit.parameters, fit.restarts.trace, fit.log_likelihood, fit.log_prior))


def test_starts_and_seeds_differ():
    beginnings = [again("full", "weak", start="random", seed=seed).restarts.trace[:, 0] for seed in (5, 6)]
    assert len(set(np.round(np.concatenate(beginnings), 6))) == 2 * STARTS


@pytest.mark.parametrize("tolerance", [1e-5, 1e-7, 1e-9])
@pytest.mark.parametrize(("family", "kind"), [("full", "flat"), ("tied", "weak"), ("full", "separated")])
def test_the_tolerance_is_what_is_left_to_gain(fits, family, kind, tolerance):
    """In nats a row, on overlapping clusters, where the last gain alone would be far too small a bound."""
    loose, tight = again(family, kind, tolerance=tolerance), fits(family, kind)
    assert all(status is gp.Status.CONVERGED for status in loose.restarts.status)
    left = (tight.restarts.objective - loose.restarts.objective) / N
    assert (left <= 1.5 * tolerance).all()
    assert (loose.restarts.iterations < tight.restarts.iterations).all()


def test_a_given_start_is_the_only_one(fits):
    fit = again("full", "weak", start=fits("full", "weak"))
    assert fit.restarts.objective.shape == (1,)
    np.testing.assert_allclose(fit.objective, fits("full", "weak").objective, rtol=1e-14)

"""Traces climb, the best start is the best, seeds mean what they say, and so does the tolerance."""

from dataclasses import replace

import jax
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.base import Status
from gmm_ppl.inference.em.loop import STATUSES
from gmm_ppl.inference.em.restarts import number_optima
from gmm_ppl.starts import STARTS as KINDS
from tests.cases import FAMILY_NAMES, priors_of
from tests.inference.conftest import MAX_STEPS, STARTS
from tests.inference.oracles import K, N, overlapping_rows
from tests.inference.programs import prior
from tests.inference.test_em_search import climbs_at

GRID = [(family, kind) for family in FAMILY_NAMES for kind in ("flat", "weak", "conjugate")]
GRID += [*((family, "separated") for family in FAMILY_NAMES if "separated" in priors_of(family)), ("full", "program")]
EVERY = pytest.mark.parametrize(("family", "kind"), GRID)


def again(family, kind, **changes):
    """A fit as tight fits are, but for the changes."""
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
    mixture, x = gp.Mixture(3, "tied", "flat"), gp.datasets.load("faithful")
    fit = gp.fit(mixture, x, start="random", tolerance=1e-13)
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
    status = [STATUSES.index(Status.CONVERGED if each else Status.COLLAPSED) for each in usable]
    numbers = number_optima(replace(climbs_at(*objective), status=np.array(status)), gap=1e-3)
    np.testing.assert_array_equal(numbers, wanted)


@pytest.mark.parametrize("start", KINDS)
def test_a_seed_gives_the_same_digits(start):
    first, same = (again("full", "weak", start=start, seed=5) for _ in range(2))
    for given, wanted in zip(numbers(first), numbers(same), strict=True):
        np.testing.assert_array_equal(given, wanted)
    turns = ("kmeans", "random", "hierarchical")
    assert first.restarts.kind == same.restarts.kind == (turns if start == "several" else (start,) * STARTS)


def test_the_default_search_gives_the_same_digits():
    """Short runs, and splits and merges, among them one that rises."""
    first, same = (gp.fit(gp.Mixture(4), gp.datasets.load("galaxies"), seed=5) for _ in range(2))
    for given, wanted in zip(numbers(first), numbers(same), strict=True):
        np.testing.assert_array_equal(given, wanted)
    assert first.restarts.kind == same.restarts.kind
    assert len(first.restarts.kind) == 20
    assert any(kind.endswith(", split and merged") for kind in first.restarts.kind)
    assert {kind.partition(",")[0] for kind in first.restarts.kind} <= set(KINDS)


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
    assert fit.restarts.kind == ("given",)
    np.testing.assert_allclose(fit.objective, fits("full", "weak").objective, rtol=1e-14)


@pytest.mark.parametrize("seed", range(8))
def test_components_are_in_the_order_of_their_first_features_means(seed):
    """Whatever the seed: the same numbers in the same places."""
    x = gp.datasets.load("faithful")
    fit = gp.fit(gp.Mixture(2), x, starts=2, seed=seed)
    np.testing.assert_allclose(fit.parameters.means, [[2.0363, 54.4779], [4.2896, 79.9675]], rtol=1e-2)
    np.testing.assert_allclose(fit.parameters.weights, [0.3559, 0.6441], rtol=1e-2)
    for name, value in fit.sites.items():
        np.testing.assert_array_equal(value, fit.parameters.sites[name])


@pytest.mark.filterwarnings("ignore:EM. The prior, not the rows:gmm_ppl.FitWarning")
def test_ties_of_the_first_feature_are_ordered_by_the_next():
    """Two groups whose first features have one mean to the last digit: mirrored about it."""
    half = np.random.default_rng(0).normal(size=(20, 2))
    near, apart = np.concatenate([half, half * [-1, 1]]), np.array([0, 20])
    fit = gp.fit(gp.Mixture(2, "diagonal"), np.concatenate([near + apart, near - apart]), starts=2)
    assert fit.parameters.means[0, 1] < 0 < fit.parameters.means[1, 1]


def test_components_that_a_prior_tells_apart_keep_their_places():
    prior = {"kind": "conjugate", "concentration": [30.0, 2.0], "scale": [1.0, 100.0]}
    x = np.concatenate([overlapping_rows() + np.array([40.0, 0.0]), overlapping_rows()[:20]])
    fit = gp.fit(gp.Mixture(2, "full", prior), x, start=np.repeat([0, 1], [60, 20]))
    assert fit.parameters.means[0, 0] > fit.parameters.means[1, 0]
    assert fit.parameters.weights[0] > 0.7

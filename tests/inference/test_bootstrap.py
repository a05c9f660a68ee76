"""The weighted-likelihood bootstrap: closed forms, errors known by other means, and replicates that fail, counted."""

from dataclasses import replace

import jax
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.base import Status
from gmm_ppl.inference.errors import bootstrap as module
from gmm_ppl.inference.errors.bootstrap import announced, bootstrap, lanes_a_batch, row_weights
from gmm_ppl.inference.errors.uncertainty import standard_errors
from tests.cases import ENGINE_CASES
from tests.inference.oracles import overlapping_rows

B = 64


def weights(rows, replicates, seed=0):
    """The weights of replicates 0 … B − 1."""
    with jax.enable_x64(True):
        return np.asarray(row_weights(np.ones(rows), np.asarray(seed), np.arange(replicates)))


def monte_carlo(replicates):
    """Four standard errors of a standard deviation of normal replicates, relative."""
    return 4 / np.sqrt(2 * (replicates - 1))


def test_weights_are_dirichlet_times_the_rows():
    """Σ w = N; each w / N is Beta(1, N − 1), of mean 1/N and variance (N − 1) / (N² (N + 1))."""
    rows, replicates = 50, 4000
    found = weights(rows, replicates)
    np.testing.assert_allclose(found.sum(axis=1), rows, rtol=1e-12)
    assert (found > 0).all()
    np.testing.assert_allclose(found.mean(axis=0), 1, atol=5 / np.sqrt(replicates))
    assert found.var() == pytest.approx((rows - 1) / (rows + 1), rel=0.03)
    np.testing.assert_array_equal(weights(rows, 3), found[:3])
    assert not np.isclose(weights(rows, 3, seed=1), found[:3]).any()


@pytest.mark.parametrize("family", ["full", "diagonal"])
def test_replicates_of_one_component_are_weighted_moments(family):
    x = overlapping_rows()
    found = bootstrap(gp.fit(gp.Mixture(1, family, "flat"), x), x, replicates=B)
    w = weights(len(x), B) / len(x)
    means = w @ x
    np.testing.assert_allclose(found.parameters.means[:, 0], means, rtol=1e-9)
    second = np.einsum("bn,nd,ne->bde", w, x, x) - means[:, :, None] * means[:, None, :]
    wanted = second if family == "full" else second * np.eye(2)
    np.testing.assert_allclose(found.parameters.covariances[:, 0], wanted, rtol=1e-7, atol=1e-9)
    assert set(found.status) == {Status.CONVERGED}


def test_the_spread_of_a_mean_is_its_standard_error():
    """σ / √N, times √(N / (N + 1)), within Monte-Carlo error."""
    x, replicates = overlapping_rows(), 2000
    found = bootstrap(gp.fit(gp.Mixture(1, "diagonal", "flat"), x), x, replicates=replicates)
    wanted = x.std(axis=0) / np.sqrt(len(x) + 1)
    np.testing.assert_allclose(found.parameters.means[:, 0].std(axis=0), wanted, rtol=monte_carlo(replicates))


def test_weights_all_alike_give_the_point_back(fits, monkeypatch):
    monkeypatch.setattr(module, "row_weights", lambda weights, seed, numbers: np.ones((len(numbers), len(weights))))
    point, x = fits("full", "conjugate"), overlapping_rows()
    found = bootstrap(point, x, replicates=3)
    for name, values in point.sites.items():
        np.testing.assert_allclose(found.sites[name], np.stack([values] * 3), rtol=1e-6)
    np.testing.assert_allclose(found.objective, point.objective, rtol=1e-12)


def test_batches_say_the_same(fits, monkeypatch):
    point, x = fits("full", "conjugate"), overlapping_rows()
    whole = bootstrap(point, x, replicates=11)
    monkeypatch.setattr(module, "NUMBERS_A_BATCH", 4 * x.shape[0] * 2)
    in_batches = bootstrap(point, x, replicates=11)
    assert in_batches.status == whole.status
    np.testing.assert_allclose(in_batches.parameters.means, whole.parameters.means, rtol=1e-9)


@pytest.mark.parametrize(("replicates", "work"), [(1000, 544), (7, 10), (1000, 1049), (1000, 10**6), (5, 10**9)])
def test_batches_are_no_larger_than_memory_should_hold(replicates, work):
    lanes = lanes_a_batch(replicates, work)
    assert 1 <= lanes <= replicates
    assert lanes == 1 or lanes * work <= module.NUMBERS_A_BATCH
    batches = -(-replicates // lanes)
    assert batches == 1 or (replicates // (batches - 1) + 1) * work > module.NUMBERS_A_BATCH, "fewer batches would not do"
    assert batches * lanes - replicates < batches, "next to none is done for nothing"


@pytest.mark.parametrize(("family", "prior"), ENGINE_CASES)
def test_any_family(family, prior):
    x = overlapping_rows(120)
    found = bootstrap(gp.Mixture(2, family, prior), x, replicates=8, max_steps=2000)
    assert found.parameters.shape == found.start.parameters.shape
    assert found.usable.all()
    assert len(found.status) == found.objective.size == 8
    np.testing.assert_allclose(found.parameters.weights.sum(axis=1), 1)
    assert {name: each.shape[1:] for name, each in found.sites.items()} == {k: v.shape for k, v in found.start.sites.items()}
    assert all(each.std(axis=0).max() > 0 for each in found.sites.values())


@pytest.mark.slow
def test_a_program_with_sites_of_its_own(fits):
    point, x = fits("diagonal", "program"), overlapping_rows()
    found = bootstrap(point, x, replicates=4)
    assert set(found.sites) == set(point.sites)
    np.testing.assert_allclose(found.parameters.means.mean(axis=0), point.parameters.means, atol=3 * x.std(axis=0).max())


def simulated(rows, noise, seed=4):
    """Two clusters six deviations apart, 0.4 : 0.6, and the fit of two variances to them by maximum likelihood."""
    rng = np.random.default_rng(seed)
    x = np.where(rng.random(rows) < 0.4, -6.0, 6.0)[:, None] + noise(rng, (rows, 1))
    return x, gp.fit(gp.Mixture(2, "diagonal", "flat"), x, starts=1)


def test_where_the_model_is_right_all_three_agree():
    x, point = simulated(4000, lambda rng, size: rng.standard_normal(size))
    replicates = 1000
    found = bootstrap(point, x, replicates=replicates)
    observed, sandwich = (standard_errors(point, x, kind=kind).errors for kind in ("observed", "sandwich"))
    for name, errors in sandwich.items():
        np.testing.assert_allclose(found.sites[name].std(axis=0), errors, rtol=monte_carlo(replicates))
        # √((m₄ − σ⁴) / 2σ⁴) of 1600 normal rows has a standard error of about √(6/1600) · √(8/3) / 2.
        np.testing.assert_allclose(errors, observed[name], rtol=0.2)


def test_under_heavy_tails_the_curvature_stands_alone():
    """Laplace noise: a variance varies by σ² √(5/N), not σ² √(2/N)."""
    x, point = simulated(4000, lambda rng, size: rng.laplace(size=size))
    replicates = 1000
    found = bootstrap(point, x, replicates=replicates)
    observed, sandwich = (standard_errors(point, x, kind=kind).errors["variances"] for kind in ("observed", "sandwich"))
    # The law of a variance of heavy tails is skewed itself: half as much again is allowed.
    np.testing.assert_allclose(found.sites["variances"].std(axis=0), sandwich, rtol=1.5 * monte_carlo(replicates))
    assert (sandwich > 1.3 * observed).all()


def test_replicates_that_collapse_are_counted():
    """Two components of 16 rows by maximum likelihood: under some weights one of them closes in on a single row."""
    x = np.random.default_rng(3).standard_normal((16, 1))
    point = gp.fit(gp.Mixture(2, "full"), x, starts=5)
    with pytest.warns(gp.FitWarning) as caught:
        found = bootstrap(gp.Mixture(2, "full", "flat"), x, start=point, replicates=200, max_steps=3000)
    failed = 200 - int(found.usable.sum())
    assert 0 < failed < 200
    assert failed == found.endings["COLLAPSED"] + found.endings.get("NON_FINITE", 0)
    assert any(f"{failed} of 200 replicates have no mode" in str(each.message) for each in caught)
    assert sum(found.endings.values()) == 200


def test_no_mode_at_all_is_an_error(fits):
    found = bootstrap(fits("full", "conjugate"), overlapping_rows(), replicates=3)
    with pytest.raises(gp.FitError, match=r"none of 3 replicates has a mode\. A component emptied"):
        announced(replace(found, status=(Status.COLLAPSED,) * 3), 3)
    with pytest.warns(gp.FitWarning, match="1 of 3 replicates reached the step limit"):
        announced(replace(found, status=(Status.CONVERGED, Status.STEP_LIMIT, Status.CONVERGED)), 3)


def test_what_has_ended_is_kept_when_interrupted(fits, monkeypatch):
    point, x = fits("full", "conjugate"), overlapping_rows()
    whole = bootstrap(point, x, replicates=12)
    monkeypatch.setattr(module, "NUMBERS_A_BATCH", 4 * x.shape[0] * 2)

    def impatient(stage, done, total, note=""):
        assert (stage, total) == ("Bootstrap", 12)
        if done == 8:
            raise KeyboardInterrupt

    with pytest.warns(gp.FitWarning, match="interrupted: 8 of 12 replicates had ended"):
        found = bootstrap(point, x, replicates=12, progress=impatient)
    np.testing.assert_allclose(found.parameters.means, whole.parameters.means[:8], rtol=1e-9)


def test_nothing_to_keep_is_an_interruption(fits):
    def impatient(stage, done, total, note=""):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bootstrap(fits("full", "conjugate"), overlapping_rows(), replicates=3, progress=impatient)


def test_the_mixture_and_its_fit_say_the_same(fits):
    point, x = fits("full", "conjugate"), overlapping_rows()
    one, other = bootstrap(point, x, replicates=4, seed=2), bootstrap(point.mixture, x, start=point, replicates=4, seed=2)
    np.testing.assert_array_equal(one.parameters.means, other.parameters.means)
    assert (one.seed, one.start, one.mixture) == (2, point, point.mixture)


def test_refusals(fits):
    point, x = fits("full", "flat"), overlapping_rows()
    cases = {
        "replicates must be a whole number from 2; given 1": lambda: bootstrap(point, x, replicates=1),
        "tolerance must be a number between 0 and inf": lambda: bootstrap(point, x, tolerance=0),
        "max_steps must be a whole number": lambda: bootstrap(point, x, max_steps=0),
        "start: the first argument is a fit": lambda: bootstrap(point, x, start=point),
        "start: the EM fit has another number of components": lambda: bootstrap(gp.Mixture(3, "full", "flat"), x, start=point),
        "start: give what gmm_ppl.fit returned; given str": lambda: bootstrap(gp.Mixture(2), x, start="kmeans"),
        "start: the EM fit has no usable parameters": lambda: bootstrap(replace(point, status=Status.COLLAPSED), x),
        "start: the EM fit has another number of .* features": lambda: bootstrap(point, x[:, :1]),
    }
    for words, call in cases.items():
        with pytest.raises(gp.InputError, match=words):
            call()

"""NUTS against exact answers: all 2⁸ assignments of eight rows, one component in closed form, and the prior alone."""

from dataclasses import replace

import equinox as eqx
import jax
import numpy as np
import pytest
from scipy import stats
from scipy.special import digamma

import gmm_ppl as gp
from gmm_ppl.inference.nuts.run import Settings, run
from gmm_ppl.inference.optima import weighed
from gmm_ppl.progress import silent
from tests.inference import exact
from tests.inference.conftest import EIGHT_ROWS, EIGHT_ROWS_PRIOR
from tests.inference.monte_carlo import assert_mean

CHAINS, WARMUP, DRAWS = 4, 500, 2000


@pytest.fixture(scope="module")
def truth():
    return exact.expectations(EIGHT_ROWS, EIGHT_ROWS_PRIOR)


def test_every_chain_moved_well(eight_rows):
    assert eight_rows.parameters.weights.shape == (CHAINS, DRAWS, 2)
    assert eight_rows.sampler_statistics["diverging"].sum() == 0
    assert 0.75 < eight_rows.sampler_statistics["acceptance_rate"].mean() < 0.97


@pytest.mark.parametrize(
    "name",
    [
        "mean of a row",
        "sum of means",
        "squared distance of means",
        "sum of squared weights",
        "variance within",
        "log variances",
        "density",
    ],
)
def test_two_components_against_all_assignments(eight_rows, truth, name):
    assert_mean(exact.invariants_of_draws(eight_rows)[name], truth[0][name], name)


def test_rows_that_belong_together(eight_rows, truth):
    found = exact.co_assignment_of_draws(eight_rows, EIGHT_ROWS)
    above = np.triu_indices(len(EIGHT_ROWS), 1)
    assert_mean(found[:, :, *above], truth[1][above], "together")


def test_draws_recover_assignments_as_often(eight_rows, truth):
    """z drawn given θ: how often two rows share a component."""
    labels = gp.recover_assignments(eight_rows.parameters, EIGHT_ROWS[:, None], seed=3)
    together = (labels[..., :, None] == labels[..., None, :]).astype(float)
    above = np.triu_indices(len(EIGHT_ROWS), 1)
    assert_mean(together[:, :, *above], truth[1][above], "together")


def test_without_rows_the_draws_are_the_priors(eight_rows):
    """A posterior whose rows all have weight 0, begun at the EM point of one that had them."""
    prior = EIGHT_ROWS_PRIOR
    with jax.enable_x64(True):
        target = gp.posterior(eight_rows.mixture, EIGHT_ROWS)
        empty = eqx.tree_at(lambda each: each.rows.weights, target, np.zeros(len(EIGHT_ROWS)))
        found = weighed(empty, replace(eight_rows.start, rivals=()))
        settings = Settings(4, CHAINS, DRAWS, WARMUP, target_acceptance=0.9, max_tree_depth=10, max_thinning=1)
        draws = run(eight_rows.mixture, empty, found, settings, silent)
    variances = draws.parameters.covariances[..., 0, 0]
    means, weights = draws.parameters.means[..., 0], draws.parameters.weights
    expected_variance = prior.scale / (prior.degrees - 2)
    assert_mean(weights, [0.5, 0.5], "weights")
    assert_mean(weights**2, np.full(2, stats.beta(2, 2).moment(2)), "squared weights")
    assert_mean(means, np.full(2, prior.mean), "means")
    assert_mean((means - prior.mean) ** 2, np.full(2, expected_variance / prior.precision), "squared means")
    assert_mean(np.log(variances), np.full(2, np.log(prior.scale / 2) - digamma(prior.degrees / 2)), "log variances")
    assert_mean((means - prior.mean) ** 2 / variances, np.full(2, 1 / prior.precision), "standardised means")


NIW = {"mean": [0.5, -1.0], "mean_precision": 0.7, "degrees_of_freedom": 9.0, "scale": [[3.0, 0.8], [0.8, 2.0]]}


@pytest.fixture(scope="module")
def one_component():
    """Draws of one dense component, with rows and posterior numbers."""
    x = np.random.default_rng(8).normal(size=(12, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]]) + [1.0, 2.0]
    draws = gp.sample(gp.Mixture(1, "full", {"kind": "conjugate", **NIW}), x, draws=DRAWS, warmup=WARMUP, seed=2)
    total, mean = NIW["mean_precision"] + len(x), np.array(NIW["mean"])
    offset = x.mean(axis=0) - mean
    scatter = (x - x.mean(axis=0)).T @ (x - x.mean(axis=0))
    scale = NIW["scale"] + scatter + NIW["mean_precision"] * len(x) / total * np.outer(offset, offset)
    return draws, mean + offset * len(x) / total, total, NIW["degrees_of_freedom"] + len(x), scale


def test_one_component_has_weight_one(one_component):
    np.testing.assert_array_equal(one_component[0].parameters.weights, np.ones((CHAINS, DRAWS, 1)))


def test_means_of_one_component(one_component):
    """The normal–inverse-Wishart posterior: μ is a Student t."""
    draws, mean, precision, degrees, scale = one_component
    means = draws.parameters.means[:, :, 0]
    assert_mean(means, mean, "means")
    covariance = scale / (precision * (degrees - 3))
    residuals = means - mean
    assert_mean(residuals[..., :, None] * residuals[..., None, :], covariance, "covariance of means")
    law = stats.t(degrees - 1, mean, np.sqrt(np.diag(scale) / (precision * (degrees - 1))))
    for level in (0.025, 0.25, 0.75, 0.975):
        assert_mean((means < law.ppf(level)).astype(float), np.full(2, level), f"quantile {level}")


def test_covariances_of_one_component(one_component):
    """Σ is inverse-Wishart: its mean, its entries' variances, and its marginal quantiles."""
    draws, _, _, degrees, scale = one_component
    covariances = draws.parameters.covariances[:, :, 0]
    law = stats.invwishart(degrees, scale)
    assert_mean(covariances, law.mean(), "covariances")
    assert_mean((covariances - law.mean()) ** 2, law.var(), "variances of covariances")
    marginal = stats.invgamma((degrees - 1) / 2, scale=np.diag(scale) / 2)
    variances = np.diagonal(covariances, axis1=-2, axis2=-1)
    for level in (0.05, 0.5, 0.95):
        assert_mean((variances < marginal.ppf(level)).astype(float), np.full(2, level), f"quantile {level}")

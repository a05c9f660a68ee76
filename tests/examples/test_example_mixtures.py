"""Mixtures inside larger models: densities against SciPy's, answers against truth or an exact sum over partitions."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.infer.util import log_density
from scipy import stats
from scipy.special import gammaln, logsumexp

import gmm_ppl as gp
from tests.cases import random_parameters
from tests.examples.example import load
from tests.inference.exact import Numbers
from tests.inference.monte_carlo import assert_mean
from tests.mixture import oracles
from tests.priors.oracles import conjugate_log_density

regressions, groups, process = (load(name) for name in ("mixture_of_regressions", "groups", "dirichlet_process"))


def joint(model, arguments, sites):
    """The program's log density at its sites, in double precision."""
    with jax.enable_x64(True):
        return float(log_density(model, arguments, {}, {name: jnp.asarray(each) for name, each in sites.items()})[0])


def near_truth(draws, truth, name):
    """Posterior means within four posterior standard deviations of what the data were made from, and neither of them idle."""
    mean, deviation = draws.mean(axis=(0, 1)), draws.std(axis=(0, 1))
    assert (np.abs(mean - truth) < 4 * deviation).all(), (name, mean, deviation)
    assert (deviation > 0).all(), name


def test_the_density_of_a_mixture_of_regressions():
    x, y = regressions.simulate(30, seed=2)
    parameters, slopes = random_parameters("spherical", components=2, features=1), np.array([[0.7], [-2.0]])
    found = joint(regressions.model, (x, y), {**parameters.sites, "slopes": slopes})
    prior = regressions.MIXTURE.resolve(y[:, None]).prior
    lines = parameters.means[:, 0] + slopes[:, 0] * x[:, None]
    logs = np.log(parameters.weights) + stats.norm.logpdf(y[:, None], lines, np.sqrt(parameters.covariances[:, 0, 0]))
    wanted = logsumexp(logs, axis=1).sum() + stats.norm.logpdf(slopes, 0, 5).sum() + conjugate_log_density(parameters, prior)
    np.testing.assert_allclose(found, wanted, rtol=1e-11)


@pytest.mark.slow
def test_a_mixture_of_regressions_finds_its_lines():
    found = regressions.draws(*regressions.simulate(300, seed=1))
    for name in ("weights", "intercepts", "slopes"):
        near_truth(found[name], regressions.TRUTH[name], name)
    assert found["slopes"].std(axis=(0, 1)).max() < 0.2


def test_the_density_of_a_mixture_over_groups():
    y, group = groups.simulate(seed=2)
    parameters = random_parameters("full", components=2)
    weights = np.random.default_rng(1).dirichlet([2.0, 1.0], size=5)
    found = joint(groups.model, (y, group, 5), {**parameters.sites, "group_weights": weights, "concentration": 3.0})
    wanted = stats.gamma.logpdf(3.0, 2, scale=5) + conjugate_log_density(parameters, groups.MIXTURE.resolve(y).prior)
    wanted += sum(stats.dirichlet.logpdf(each, 3.0 * parameters.weights) for each in weights)
    for row, of in zip(y, group, strict=True):
        own = gp.MixtureParameters(weights[of], parameters.means, parameters.covariance)
        wanted += oracles.log_density(row[None], own)[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-11)


@pytest.mark.slow
def test_a_mixture_over_groups_finds_its_weights():
    found = groups.draws(*groups.simulate(seed=1))
    near_truth(found["group_weights"], groups.WEIGHTS, "group_weights")
    near_truth(found["means"], groups.MEANS, "means")
    spread = found["group_weights"][..., 0].std(axis=(0, 1))
    assert spread[-1] > 1.5 * spread[:-1].max()  # eight rows know less than sixty


def partitions(rows):
    """Every way to put rows 0 … N − 1 into clusters, as lists of lists."""
    if rows == 0:
        yield []
        return
    for smaller in partitions(rows - 1):
        for place in range(len(smaller)):
            yield [[*each, rows - 1] if index == place else each for index, each in enumerate(smaller)]
        yield [*smaller, [rows - 1]]


def exact_predictive(y, points, prior, alpha):
    """The Dirichlet process's predictive density: all partitions by the Chinese restaurant's law, each cluster in closed form."""
    given = cache(lambda cluster: prior.given(y[list(cluster)]))
    fresh = prior.predictive(points)
    logs, values = [], []
    for partition in partitions(len(y)):
        laws = [given(tuple(cluster)) for cluster in partition]
        logs.append(sum(np.log(alpha) + gammaln(len(c)) + law[1] for c, law in zip(partition, laws, strict=True)))
        shares = [len(cluster) / (len(y) + alpha) for cluster in partition]
        known = sum(share * law[0].predictive(points) for share, law in zip(shares, laws, strict=True))
        values.append(known + alpha / (len(y) + alpha) * fresh)
    weights = np.exp(np.array(logs) - logsumexp(logs))
    return weights @ np.array(values)


@pytest.mark.slow
def test_the_dirichlet_process_against_all_partitions():
    y, points = np.array([-2.1, -1.7, -1.5, 0.4, 2.2, 2.6]), np.array([-3.0, -1.6, 0.5, 2.4, 5.0])
    prior = Numbers(1.0, 0.2, 0.3, 5.0, 2.0)
    mixture = gp.Mixture(7, "full", prior.statement())
    # Truncation gives (1/3)⁶ = 0.14 % of the stick to the last component, less than the draws can tell.
    found = process.densities(y[:, None], points[:, None], mixture, 0.5, draws=1500)
    assert_mean(found, exact_predictive(y, points, prior, 0.5), "density")


def test_sticks():
    parts = np.array([0.5, 0.2, 0.9])
    np.testing.assert_allclose(process.stick_breaking(jnp.asarray(parts)), [0.5, 0.1, 0.36, 0.04], rtol=1e-6)


def test_the_sites_of_a_dirichlet_process():
    """Its own sticks and the library's components: no site of the prior's weights is left."""
    y = np.random.default_rng(3).normal(size=(12, 2))
    mixture, parameters = gp.Mixture(4, "diagonal"), random_parameters("diagonal", components=4)
    parts = np.array([0.3, 0.6, 0.1])
    weights = np.asarray(process.stick_breaking(parts))
    sites = {"parts": parts, "means": parameters.means, **parameters.covariance.sites}
    own = gp.MixtureParameters(weights, parameters.means, parameters.covariance)
    prior = mixture.resolve(y).prior
    law_of_weights = stats.dirichlet.logpdf(parameters.weights, np.ones(4))
    wanted = stats.beta.logpdf(parts, 1, 2.0).sum() + conjugate_log_density(parameters, prior) - law_of_weights
    wanted += oracles.log_density(y, own).sum()
    np.testing.assert_allclose(joint(process.model, (y, mixture, 2.0), sites), wanted, rtol=1e-6)

"""The density against scipy, NumPyro and the sum over all assignments."""

from itertools import product

import jax
import numpy as np
import pytest
from numpyro import distributions as dist
from scipy.special import logsumexp

from gmm_ppl.mixture.density import log_density
from gmm_ppl.mixture.parameters import MixtureParameters
from tests.cases import FAMILY_NAMES, random_parameters, random_rows
from tests.mixture import oracles
from tests.mixture.compiled import D, K, N, evaluate

pytestmark = pytest.mark.usefixtures("x64")
EACH = pytest.mark.parametrize("name", FAMILY_NAMES)
X = random_rows(N)


@EACH
def test_components_agree_with_scipy(name):
    parameters = random_parameters(name)
    np.testing.assert_allclose(evaluate(X, parameters)["components"], oracles.components(X, parameters), rtol=1e-12)


@EACH
def test_density_and_responsibilities_follow_from_the_components(name):
    parameters = random_parameters(name)
    found = evaluate(X, parameters)
    total, memberships = oracles.log_density(X, parameters), oracles.responsibilities(X, parameters)
    for density in (found["log_density"], found["both"][0]):
        np.testing.assert_allclose(density, total, rtol=1e-12)
    for each in (found["responsibilities"], found["both"][1]):
        np.testing.assert_allclose(each, memberships, rtol=1e-11)
        np.testing.assert_allclose(each.sum(axis=1), np.ones(N), rtol=1e-14)


@jax.jit
def numpyro_density(x, parameters):
    normal = dist.MultivariateNormal(parameters.means, parameters.covariances)
    return dist.MixtureSameFamily(dist.CategoricalProbs(parameters.weights), normal).log_prob(x)


@EACH
def test_density_agrees_with_numpyro(name):
    parameters = random_parameters(name)
    np.testing.assert_allclose(evaluate(X, parameters)["log_density"], numpyro_density(X, parameters), rtol=1e-12)


@EACH
def test_likelihood_is_the_sum_over_all_assignments(name):
    parameters = random_parameters(name)
    joint = oracles.components(X, parameters)
    every = [joint[np.arange(N), list(labels)].sum() for labels in product(range(K), repeat=N)]
    assert len(every) == K**N
    found = evaluate(X, parameters)
    for value in (found["log_likelihood"], found["value"]):
        np.testing.assert_allclose(value, logsumexp(every), rtol=1e-12)


@EACH
def test_a_weight_of_zero_is_a_component_that_is_not_there(name):
    parameters = random_parameters(name)
    emptied = MixtureParameters(np.array([0.25, 0.0, 0.75]), parameters.means, parameters.covariance)
    found = evaluate(X, emptied)
    np.testing.assert_allclose(found["log_density"], oracles.log_density(X, emptied), rtol=1e-12)
    np.testing.assert_array_equal(found["responsibilities"][:, 1], np.zeros(N))
    for leaf in jax.tree.leaves((found["gradient"], found["statistics"], found["expected"])):
        assert np.isfinite(leaf).all()


def test_a_row_that_no_component_can_reach_has_no_density():
    x = X.copy()
    x[0] = 1e200
    assert evaluate(x, random_parameters("full"))["log_density"][0] == -np.inf


def test_density_integrates_to_one():
    grid = np.linspace(-20, 20, 321)
    plane = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, D)
    parameters = random_parameters("full")
    density = np.exp(np.asarray(jax.jit(log_density)(plane, parameters)))
    np.testing.assert_allclose(density.sum() * (grid[1] - grid[0]) ** 2, 1, rtol=1e-9)

"""The density against scipy, NumPyro and the sum over all assignments."""

from itertools import product

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from numpyro import distributions as dist
from scipy.special import logsumexp

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.density import component_log_densities, density_and_responsibilities, log_density, responsibilities
from gmm_ppl.mixture.parameters import MixtureParameters, mixture_parameters
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


FIVE = mixture_parameters([0.2] * 5, [[0, 0], [10, 0], [-10, 0], [0, 10], [0, -10]], [np.eye(2)] * 5)
"""Two of five components are the nearest to rows on the diagonal, equally far."""


@pytest.mark.parametrize("far", [1e2, 1e6, 1e8, 1e15, 1e50, 1e150, 1e160, 1e300])
def test_responsibilities_sum_to_one_at_every_distance(far):
    """Where log P has swallowed log K, and where squares overflow."""
    found = responsibilities(np.array([[far, far], [0.0, 0.0], [far, 0.0], [-far, far]]), FIVE)
    np.testing.assert_array_equal(found[0], [0, 0.5, 0, 0.5, 0])
    np.testing.assert_array_equal(found[2:], [[0, 1, 0, 0, 0], [0, 0, 0.5, 0.5, 0]])
    np.testing.assert_array_equal(found[1], responsibilities(np.zeros(2), FIVE))


@pytest.mark.parametrize("far", [1e2, 1e8, 1e50, 1e150])
def test_responsibilities_sum_to_one_in_programs(far):
    """Compiled code takes them from distances alone, which have digits up to 10¹⁵."""
    found = jax.jit(responsibilities)(np.array([[far, far], [0.0, 0.0]]), FIVE)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-14)
    if far <= 1e8:
        np.testing.assert_array_equal(found[0], [0, 0.5, 0, 0.5, 0])


def exact_responsibilities(row, parameters):
    """In 700 digits."""
    with mpmath.workdps(700):
        joint = []
        for weight, mean, covariance in zip(parameters.weights, parameters.means, parameters.covariances, strict=True):
            matrix = mpmath.matrix(covariance.tolist())
            residual = mpmath.matrix([mpmath.mpf(float(a)) - mpmath.mpf(float(b)) for a, b in zip(row, mean, strict=True)])
            distance = (residual.T * mpmath.inverse(matrix) * residual)[0]
            joint.append(mpmath.log(float(weight)) - (distance + mpmath.log(mpmath.det(matrix))) / 2)
        largest = max(joint)
        shares = [mpmath.exp(each - largest) for each in joint]
        return np.array([float(each / sum(shares)) for each in shares])


@EACH
@pytest.mark.parametrize("far", [1e3, 1e6, 1e7, 1e9, 1e100, 1e200])
def test_rows_far_away_belong_to_whom_they_belong(name, far):
    """Against 700 digits, on both sides of where distances are no longer compared as they are."""
    parameters = random_parameters(name)
    x = far * np.array([[1.0, 0.3], [-0.2, 1.0], [-1.0, -1.0]])
    wanted = np.stack([exact_responsibilities(row, parameters) for row in x])
    np.testing.assert_allclose(responsibilities(x, parameters), wanted, rtol=1e-9, atol=1e-12)
    whole = responsibilities(x.reshape(3, 1, 2), parameters)
    np.testing.assert_allclose(whole[:, 0], wanted, rtol=1e-9, atol=1e-12)


def test_components_that_cannot_be_told_apart_far_away_share_their_rows():
    """By their weights, where nothing else differs; one of weight 0 has none."""
    three = mixture_parameters([0.2, 0.5, 0.3, 0.0], [[0.0], [0.0], [0.0], [1.0]], [[[1.0]]] * 4)
    for far in (1e8, 1e160):
        np.testing.assert_allclose(responsibilities(np.array([[far], [-far]]), three), [[0.2, 0.5, 0.3, 0.0]] * 2, rtol=1e-14)


DENSITIES = [component_log_densities, log_density, responsibilities, density_and_responsibilities]


@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize("convert", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
def test_rows_of_another_number_of_features_are_refused(density, convert):
    """Never broadcast: five numbers under a mixture of one feature would be one row of five."""
    one = mixture_parameters([0.5, 0.5], [[0.0], [1.0]], [[[1.0]], [[1.0]]])
    with pytest.raises(InputError) as caught:
        density(convert(np.arange(5.0)), one)
    assert str(caught.value) == "x must end in an axis of 1 feature; its shape is (5,). A single feature is x[:, None]."
    with pytest.raises(InputError) as caught:
        density(convert(np.ones((4, 1))), FIVE)
    assert str(caught.value) == "x must end in an axis of 2 features; its shape is (4, 1)."
    values = log_density(convert(np.arange(5.0)[:, None]), one)
    np.testing.assert_allclose(values, [-1.138, -1.138, -1.911, -3.533, -6.082], atol=5e-4)

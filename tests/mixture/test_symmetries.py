"""What cannot change: the order of components, the origin and the units."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.moments import OUTER
from gmm_ppl.mixture.parameters import MixtureParameters, permute
from gmm_ppl.mixture.statistics import Statistics
from tests.cases import FAMILY_NAMES, random_parameters, random_rows
from tests.mixture.compiled import D, K, N, evaluate

EACH = pytest.mark.parametrize("name", FAMILY_NAMES)
X = random_rows(N)
orders = st.permutations(range(K)).map(np.array)
shifts = st.lists(st.floats(-1e3, 1e3), min_size=D, max_size=D).map(np.array)
powers = st.lists(st.integers(-8, 8), min_size=D, max_size=D).map(lambda each: 10.0 ** np.array(each))


def scaled(parameters, units):
    """The same covariances with feature j in units of 1 / units_j, as the M-step finds them from themselves."""
    family = parameters.shape.family
    matrices = parameters.covariances * units[:, None] * units
    return family.from_sites(family.fitted(np.ones(K), family.moment.from_matrix(matrices)).sites)


def result(x, parameters):
    with jax.enable_x64(True):
        return evaluate(x, parameters)


def reordered(parameters, order):
    with jax.enable_x64(True):
        return jax.tree.map(np.asarray, permute(parameters, order))


@EACH
@given(order=orders)
def test_the_order_of_components_does_not_matter(name, order):
    parameters = random_parameters(name)
    plain, moved = result(X, parameters), result(X, reordered(parameters, order))
    np.testing.assert_allclose(moved["log_density"], plain["log_density"], rtol=1e-13)
    np.testing.assert_allclose(moved["responsibilities"], plain["responsibilities"][:, order], rtol=1e-12)
    np.testing.assert_allclose(moved["statistics"].second, plain["statistics"].second[order], rtol=1e-12)
    gradient, permuted = plain["parameter_gradient"], moved["parameter_gradient"]
    np.testing.assert_allclose(permuted.means, gradient.means[order], rtol=1e-9, atol=1e-12)


@EACH
@given(shift=shifts)
def test_the_origin_does_not_matter(name, shift):
    parameters = random_parameters(name)
    moved = MixtureParameters(parameters.weights, parameters.means + shift, parameters.covariance)
    plain, there = result(X, parameters), result(X + shift, moved)
    np.testing.assert_allclose(there["log_density"], plain["log_density"], rtol=1e-10)
    np.testing.assert_allclose(there["statistics"].second, plain["statistics"].second, rtol=1e-9, atol=1e-10)


@EACH
@given(units=powers)
def test_units_cost_their_jacobian_and_nothing_else(name, units):
    parameters = random_parameters(name)
    # A family that can tell features apart says so of the scale of a prior.
    if not np.ndim(FAMILIES[name].scale_of(FAMILIES[name].moment.from_diagonal(np.ones(D)))):
        units = np.full(D, units[0])
    there = MixtureParameters(parameters.weights, parameters.means * units, scaled(parameters, units))
    plain, moved = result(X, parameters), result(X * units, there)
    np.testing.assert_allclose(moved["log_density"], plain["log_density"] - np.log(units).sum(), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(moved["responsibilities"], plain["responsibilities"], rtol=1e-9)
    np.testing.assert_allclose(moved["statistics"].first, plain["statistics"].first * units, rtol=1e-9, atol=1e-9)


@EACH
def test_permutation_moves_every_component_whole(name):
    parameters, order = random_parameters(name), np.array([2, 0, 1])
    moved = reordered(parameters, order)
    np.testing.assert_array_equal(moved.weights, parameters.weights[order])
    np.testing.assert_array_equal(moved.means, parameters.means[order])
    np.testing.assert_array_equal(moved.covariances, np.asarray(parameters.covariances)[order])


@pytest.mark.usefixtures("x64")
def test_scatter_is_exactly_symmetric(rng):
    """However far from their mean the moments were taken."""
    x = 1e5 + rng.standard_normal((50, D))
    second = np.array([[(x[:, d] * x[:, e]).sum() * (1 + 4e-16 * (d > e)) for e in range(D)] for d in range(D)])
    assert (second != second.T).any()
    statistics = Statistics(np.array([50.0]), x.sum(axis=0)[None], second[None], np.zeros((1, D)), OUTER)
    np.testing.assert_array_equal(statistics.scatter, np.swapaxes(statistics.scatter, 1, 2))

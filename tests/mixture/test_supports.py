"""Supports of parts: there and back, Jacobians against determinants of derivatives and against NumPyro, and refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpyro.distributions import biject_to, constraints
from numpyro.distributions.transforms import StickBreakingTransform

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.matrix_supports import POSITIVE_DEFINITE, UNIT_DETERMINANT
from gmm_ppl.mixture.supports import POSITIVE, REAL, SIMPLEX, UNIT_PRODUCT, VOLUME, zero_sum_basis
from tests.cases import random_matrix

pytestmark = pytest.mark.usefixtures("x64")

LOWER = {size: np.tril_indices(size) for size in range(1, 6)}
BELOW = {size: np.tril_indices(size, -1) for size in range(1, 6)}


def triangle(matrix):
    """The lower triangle, diagonal included: what Lebesgue measure on symmetric matrices is of."""
    return matrix[LOWER[matrix.shape[-1]]]


def logarithms(vector):
    """Logarithms along an orthonormal basis of those that sum to zero."""
    return jnp.log(vector) @ zero_sum_basis(vector.size)


SUPPORTS = {
    "real": (REAL, lambda value: value),
    "positive": (POSITIVE, lambda value: value),
    "volume": (VOLUME, jnp.log),
    "simplex": (SIMPLEX, lambda value: value[:-1]),
    "positive definite": (POSITIVE_DEFINITE, triangle),
    "unit product": (UNIT_PRODUCT, logarithms),
}
"""Each support that is a flat piece of its space, and the coordinates that its measure is Lebesgue's of."""
EVERY = {name: support for name, (support, _) in SUPPORTS.items()} | {"unit determinant": UNIT_DETERMINANT}
SIZES = pytest.mark.parametrize("size", [1, 2, 3, 4, 5])


def some_real(support, size, lanes=(), spread=1.0, seed=6):
    shape = (support.count(size),) if support.axes else ()
    return spread * np.random.default_rng(seed).normal(size=lanes + shape)


@pytest.mark.parametrize("name", EVERY)
@SIZES
def test_there_and_back(name, size):
    support = EVERY[name]
    real = some_real(support, size, lanes=(3, 2))
    value = support.from_real(real)
    assert value.shape == (3, 2) + (size,) * support.axes
    np.testing.assert_allclose(support.to_real(value), real, atol=1e-12)
    for place in np.ndindex(3, 2):
        support.check(np.asarray(value[place]), name)
    inside, back = jax.jit(support.from_real)(real), jax.jit(lambda each: support.to_real(support.from_real(each)))(real)
    np.testing.assert_allclose(inside, value, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(back, real, atol=1e-12)
    jacobian = support.log_jacobian(real)
    assert jacobian.shape == (3, 2)
    np.testing.assert_allclose(jax.jit(support.log_jacobian)(real), jacobian, rtol=1e-12, atol=1e-13)
    for place in np.ndindex(3, 2):
        np.testing.assert_allclose(jacobian[place], support.log_jacobian(real[place]), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", SUPPORTS)
@SIZES
def test_jacobians_are_determinants(name, size):
    support, flat = SUPPORTS[name]
    real = some_real(support, size)
    derivative = np.asarray(jax.jit(jax.jacfwd(lambda each: flat(support.from_real(each))))(real))
    count = support.count(size) if support.axes else 1
    wanted = np.linalg.slogdet(derivative.reshape(count, count))[1]
    np.testing.assert_allclose(support.log_jacobian(real), wanted, rtol=1e-11, atol=1e-12)


@SIZES
def test_a_volume_and_a_unit_determinant_have_the_invariant_measure(size):
    """d log λ times the measure of C is |Σ|^{−(D+1)/2} dΣ on Σ = λ C."""
    real, log_volume = some_real(UNIT_DETERMINANT, size), 0.7

    def matrix(both):
        return triangle(jnp.exp(both[0]) * UNIT_DETERMINANT.from_real(both[1:]))

    derivative = np.asarray(jax.jit(jax.jacfwd(matrix))(np.concatenate([[log_volume], real])))
    wanted = np.linalg.slogdet(derivative)[1] - (size + 1) / 2 * size * log_volume
    constant = np.linalg.slogdet(np.asarray(jax.jit(jax.jacfwd(matrix))(np.concatenate([[0.0], 0 * real]))))[1]
    found = UNIT_DETERMINANT.log_jacobian(real) - UNIT_DETERMINANT.log_jacobian(0 * real)
    np.testing.assert_allclose(found, wanted - constant, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("size", [2, 3])
def test_congruences_leave_the_measure_as_it_is(size):
    """C → B C Bᵀ with |B| = 1, as a map of coordinates: it moves the density by the ratio of both Jacobians."""
    real = some_real(UNIT_DETERMINANT, size)
    change = np.random.default_rng(7).normal(size=(size, size))
    change /= abs(np.linalg.det(change)) ** (1 / size)

    def moved(each):
        return UNIT_DETERMINANT.to_real(change @ UNIT_DETERMINANT.from_real(each) @ change.T)

    derivative = np.asarray(jax.jit(jax.jacfwd(moved))(real))
    there = np.asarray(moved(jnp.asarray(real)))
    wanted = UNIT_DETERMINANT.log_jacobian(real) - UNIT_DETERMINANT.log_jacobian(there)
    np.testing.assert_allclose(np.linalg.slogdet(derivative)[1], wanted, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_numpyros_own_where_it_has_them(size):
    """Weights, positive numbers and covariance matrices move freely between its samplers and ours."""
    same = {
        "simplex": (SIMPLEX, StickBreakingTransform()),
        "positive": (POSITIVE, biject_to(constraints.positive)),
        "positive definite": (POSITIVE_DEFINITE, biject_to(constraints.positive_definite)),
    }
    for support, theirs in same.values():
        real = some_real(support, size)
        value = support.from_real(real)
        np.testing.assert_allclose(value, theirs(real), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(support.to_real(value), theirs.inv(value), rtol=1e-11, atol=1e-11)
        jacobian = theirs.log_abs_det_jacobian(jnp.asarray(real), jnp.asarray(value))
        np.testing.assert_allclose(support.log_jacobian(real), jacobian, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("support", [SIMPLEX, UNIT_PRODUCT, UNIT_DETERMINANT])
def test_zeros_are_in_the_middle(support):
    middle = support.from_real(np.zeros(support.count(3)))
    wanted = {SIMPLEX: np.full(3, 1 / 3), UNIT_PRODUCT: np.ones(3), UNIT_DETERMINANT: np.eye(3)}[support]
    np.testing.assert_allclose(middle, wanted, rtol=1e-14, atol=1e-15)


@given(real=st.lists(st.floats(-200, 200), min_size=1, max_size=4).map(np.array))
def test_far_coordinates_are_still_values(real):
    """Weights as small as e^−200 are not rounded to 0, and products stay one."""
    weights = SIMPLEX.from_real(real)
    assert (weights > 0).all()
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-13)
    assert np.isfinite(SIMPLEX.log_jacobian(real))
    np.testing.assert_allclose(np.log(UNIT_PRODUCT.from_real(real)).sum(), 0, atol=1e-11)


def unit_determinant(matrix):
    return matrix / np.linalg.det(matrix) ** (1 / len(matrix))


GOOD = unit_determinant(random_matrix(np.random.default_rng(3), 2))
REFUSALS = {
    "negative": (POSITIVE, np.array([1.0, -2.0]), "v must be positive; the smallest given is -2."),
    "zero volume": (VOLUME, np.array(0.0), "v must be positive; the smallest given is 0."),
    "weights": (SIMPLEX, np.array([0.5, 0.6]), "v must be non-negative and sum to one; given [0.5, 0.6], sum 1.1."),
    "product": (UNIT_PRODUCT, np.array([2.0, 1.0]), "v must be positive, their product one; given [2.0, 1.0]."),
    "negative product": (UNIT_PRODUCT, np.array([-1.0, -1.0]), "v must be positive, their product one; given [-1.0, -1.0]."),
    "not symmetric": (
        POSITIVE_DEFINITE,
        np.array([np.eye(2), [[1.0, 0.5], [0.1, 1.0]]]),
        "v, matrix 1, must be symmetric; given [[1.0, 0.5], [0.1, 1.0]].",
    ),
    "indefinite": (
        UNIT_DETERMINANT,
        np.array([[1.0, 2.0], [2.0, 1.0]]),
        "v must be positive definite; given [[1.0, 2.0], [2.0, 1.0]].",
    ),
    "determinant": (
        UNIT_DETERMINANT,
        np.array([[2.0, 0.0], [0.0, 1.0]]),
        "v must have determinant one; given [[2.0, 0.0], [0.0, 1.0]].",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case):
    support, values, message = REFUSALS[case]
    with pytest.raises(InputError) as caught:
        support.check(values, "v")
    assert str(caught.value) == message


def test_what_is_right_is_not_refused():
    UNIT_DETERMINANT.check(np.stack([GOOD, np.eye(2)]), "v")
    UNIT_PRODUCT.check(np.array([[2.0, 0.5], [1e-150, 1e150]]), "v")
    REAL.check(np.array([-1e300]), "v")

"""Matrices that carry their factor: the same answers as from factorising them, and no factorisation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.covariance.full import FullCovariance
from gmm_ppl.mixture.triangular import applied, diagonal, inverse_cholesky, inverse_triangle, traced
from tests.cases import FAMILY_NAMES, random_covariance

pytestmark = pytest.mark.usefixtures("x64")
SIZES = (1, 2, 3, 4, 9)


def factors(size, count=3):
    drawn = np.tril(np.random.default_rng(size).normal(size=(count, size, size)))
    place = np.arange(size)
    drawn[:, place, place] = 0.5 + np.abs(drawn[:, place, place])
    return jnp.asarray(drawn)


@pytest.mark.parametrize("size", SIZES)
def test_inverse(size):
    lower = factors(size)
    matrices = lower @ jnp.swapaxes(lower, -1, -2)
    expected = np.linalg.inv(np.asarray(lower))
    np.testing.assert_allclose(inverse_cholesky(matrices), expected, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(inverse_triangle(lower), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_factorised(size):
    def density(lower):
        matrices = lower @ jnp.swapaxes(lower, -1, -2)
        covariance = FullCovariance(matrices, inverse_triangle(lower)).rooted()
        return covariance.log_determinant(size).sum() + covariance.whiten(jnp.ones((5, 3, size))).sum()

    program = str(jax.make_jaxpr(jax.grad(density))(factors(size)))
    assert "sqrt" not in program
    assert "cholesky" not in program


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILY_NAMES)
@pytest.mark.parametrize("size", SIZES)
def test_coordinates_bring_the_factors(family, size):
    """Densities at coordinates factorise nothing; and what the records hold is what their matrices are."""
    covariance = random_covariance(family, 3, size)

    def density(real):
        held = family.from_real(real)
        return held.log_determinant(size).sum() + held.whiten(jnp.ones((5, 3, size))).sum()

    program = str(jax.make_jaxpr(density)(jax.tree.map(jnp.asarray, covariance.real)))
    # Factors written out take a root for each row; deviations and volumes one, however many rows there are.
    assert program.count(" sqrt") <= 2
    assert "cholesky" not in program
    plain = covariance.log_determinant(size).sum() + covariance.whiten(np.ones((5, 3, size))).sum()
    np.testing.assert_allclose(density(covariance.real), plain, rtol=1e-10)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILY_NAMES)
@pytest.mark.parametrize("size", SIZES)
def test_rooted_covariances_say_the_same(family, size):
    plain = random_covariance(family, 3, size)
    rooted = plain.rooted()
    residuals = np.random.default_rng(1).normal(size=(4, 3, size))
    second = family.moment.from_matrix(np.asarray(factors(size)) @ np.ones((size, size)))
    np.testing.assert_array_equal(plain.whiten(residuals), rooted.whiten(residuals))
    np.testing.assert_array_equal(plain.log_determinant(size), rooted.log_determinant(size))
    np.testing.assert_array_equal(plain.trace_precision(second), rooted.trace_precision(second))
    assert rooted.rooted().sites == rooted.sites


def test_arithmetic_of_small_matrices():
    rng = np.random.default_rng(2)
    for size in SIZES:
        matrices, vectors = rng.normal(size=(3, size, size)), rng.normal(size=(7, 3, size))
        np.testing.assert_allclose(applied(matrices, vectors), np.einsum("kde,nke->nkd", matrices, vectors), rtol=1e-12)
        np.testing.assert_allclose(diagonal(matrices), np.diagonal(matrices, axis1=1, axis2=2))
        expected = np.trace(matrices @ matrices[::-1] @ matrices.transpose(0, 2, 1), axis1=1, axis2=2)
        np.testing.assert_allclose(traced(matrices, matrices[::-1]), expected, rtol=1e-10)
    # What is off the diagonal does not reach it, whatever it is.
    np.testing.assert_array_equal(diagonal(np.array([[1.0, np.nan], [np.inf, 2.0]])), [1.0, 2.0])

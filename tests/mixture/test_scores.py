"""Sums of squared scores against scores of the plain density, row by row; and straight lines through parameters."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from gmm_ppl.mixture import scores as module
from gmm_ppl.mixture.covariance import count_values
from gmm_ppl.mixture.data_pass import expected_statistics
from gmm_ppl.mixture.density import component_log_densities, log_density, responsibilities
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.rows import rows
from gmm_ppl.mixture.scores import scores
from gmm_ppl.mixture.tangent import moved
from tests.cases import FAMILY_NAMES, random_parameters, random_rows

pytestmark = pytest.mark.usefixtures("x64")

N = 200
WEIGHTS = np.random.default_rng(5).uniform(0, 2, N)


def near(parameters):
    """Parameters at steps away from `parameters`, and no step."""
    held = jax.tree.map(jnp.asarray, parameters)
    return (lambda steps: moved(held, steps)), jnp.zeros(parameters.shape.n_parameters)


def row_scores(x, at, position):
    """∂ log P(x_i) / ∂c, (N, C), one row after another."""
    one = jax.jit(jax.grad(lambda each, row: log_density(row, at(each))))
    return np.stack([one(position, jnp.asarray(row)) for row in x])


def spread_of_scores(x, at, position):
    """Σ_i w_i Cov_k(∂ log π_k N(x_i | μ_k, Σ_k) / ∂c), row by row in NumPy."""
    shares = np.asarray(responsibilities(jnp.asarray(x), at(position)))
    each = np.asarray(jax.jit(jax.jacfwd(lambda c: component_log_densities(jnp.asarray(x), at(c))))(position))
    return sum(
        weight * np.cov(score.T, aweights=share, ddof=0) for weight, score, share in zip(WEIGHTS, each, shares, strict=True)
    )


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_against_scores_of_rows(family, monkeypatch):
    parameters = random_parameters(family)
    x = random_rows(N)
    at, position = near(parameters)
    each = row_scores(x, at, position)
    wanted = (each.T * WEIGHTS) @ each
    found = jax.jit(lambda c: scores(rows(x, WEIGHTS), at, c))(position)
    np.testing.assert_allclose(found.products, wanted, rtol=1e-10, atol=1e-11 * np.abs(wanted).max())
    left_open = spread_of_scores(x, at, position)
    np.testing.assert_allclose(found.left_open, left_open, rtol=1e-10, atol=1e-11 * np.abs(left_open).max())
    value, statistics = jax.jit(lambda each: expected_statistics(rows(x, WEIGHTS), each))(at(position))
    np.testing.assert_allclose(found.log_likelihood, value, rtol=1e-12)
    np.testing.assert_allclose(found.statistics.count, statistics.count, rtol=1e-10)
    np.testing.assert_allclose(found.statistics.means, statistics.means, rtol=1e-10)
    np.testing.assert_allclose(found.statistics.scatter, statistics.scatter, rtol=1e-8)
    monkeypatch.setattr(module, "NUMBERS_A_BLOCK", 1)
    monkeypatch.setattr("gmm_ppl.mixture.blocks.ROWS_FOR_A_THREAD", 1)
    in_blocks = jax.jit(lambda c: scores(rows(x, WEIGHTS), at, c))(position)
    np.testing.assert_allclose(in_blocks.products, wanted, rtol=1e-10, atol=1e-11 * np.abs(wanted).max())


def test_components_far_apart_keep_their_digits():
    parameters = random_parameters("full", 2)
    far = MixtureParameters(parameters.weights, parameters.means + np.array([[1e6], [-1e6]]), parameters.covariance)
    x = np.concatenate([random_rows(N // 2) + 1e6, random_rows(N // 2, seed=3) - 1e6])
    at, position = near(far)
    each = row_scores(x, at, position)
    wanted = (each.T * WEIGHTS) @ each
    found = jax.jit(lambda c: scores(rows(x, WEIGHTS), at, c))(position)
    np.testing.assert_allclose(found.products, wanted, rtol=1e-9, atol=1e-10 * np.abs(wanted).max())


def test_nothing_as_large_as_the_data_times_the_coordinates():
    """Compiled memory for 2¹⁶ rows, against N × K × C numbers."""
    parameters, count = random_parameters("full", 8, 4), 2**16
    at, position = near(parameters)
    held = jax.eval_shape(rows, *(jax.ShapeDtypeStruct(size, np.float64) for size in ((count, 4), (count,))))
    program = jax.jit(lambda data, each: scores(data, at, each).products).lower(held, position).compile()
    assert program.memory_analysis().temp_size_in_bytes < count * 8 * position.size * 8 / 8


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_steps_keep_weights_and_matrices_what_they_are(family):
    parameters = random_parameters(family)
    steps = jnp.arange(1.0, parameters.shape.n_parameters + 1) * 1e-3
    found = moved(parameters, steps)
    assert found.shape == parameters.shape
    assert found.weights.sum() == pytest.approx(1)
    np.testing.assert_allclose((found.weights - parameters.weights)[:2], steps[:2], atol=1e-15)
    np.testing.assert_allclose(np.ravel(found.means - parameters.means), steps[2:8], atol=1e-15)
    values, member = found.covariance.values - parameters.covariance.values, type(found.covariance)
    if member.matrix:
        np.testing.assert_array_equal(values, np.swapaxes(values, -1, -2))
        values = values[..., *np.tril_indices(2)]
    assert np.size(values) == count_values(member, 3, 2)
    np.testing.assert_allclose(np.ravel(values), steps[8:], atol=1e-15)


def test_no_step_is_the_point():
    parameters = random_parameters("full")
    found = moved(parameters, jnp.zeros(parameters.shape.n_parameters))
    np.testing.assert_array_equal(ravel_pytree(found)[0], ravel_pytree(parameters)[0])

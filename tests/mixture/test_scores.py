"""Sums of squared scores against scores of the plain density, row by row; and straight lines through parameters."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from gmm_ppl.inference.em.m_step import ClosedForm
from gmm_ppl.mixture import scores as module
from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.data_pass import expected_statistics
from gmm_ppl.mixture.density import component_log_densities, log_density, responsibilities
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.rows import rows
from gmm_ppl.mixture.scores import scores
from gmm_ppl.mixture.supports import SIMPLEX
from gmm_ppl.priors.flat import FlatPrior
from tests.cases import FAMILY_NAMES, random_parameters, random_rows

pytestmark = pytest.mark.usefixtures("x64")

N = 200
WEIGHTS = np.random.default_rng(5).uniform(0, 2, N)


def near(parameters):
    """Parameters at steps in their coordinates, and no step."""
    real = {part.name: part.support.to_real(parameters.sites[part.name]) for part in parameters.shape.parts}
    flat, unravel = ravel_pytree(jax.tree.map(jnp.asarray, real))
    family = parameters.shape.family

    def at(steps):
        moved = unravel(flat + steps)
        return MixtureParameters(SIMPLEX.from_real(moved["weights"]), moved["means"], family.from_real(moved))

    return at, jnp.zeros(parameters.shape.n_parameters)


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


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_numpy_and_jax_agree(family):
    """NumPy's derivatives are steps along the imaginary axis, JAX's its own."""
    parameters, held = random_parameters(family), rows(random_rows(N), WEIGHTS)
    step = ClosedForm(FlatPrior().kernel(parameters.shape), parameters.shape)
    at, position = step.from_flat, step.flat(parameters)
    ours, theirs = scores(held, at, position), jax.jit(lambda c: scores(held, at, c))(position)
    assert all(type(leaf) is np.ndarray or isinstance(leaf, np.floating) for leaf in jax.tree.leaves(ours))
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-11 * np.abs(other).max())


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
def test_coordinates_are_as_many_as_parameters(family):
    """No step is the point itself, and each moves it."""
    parameters = random_parameters(family)
    at, position = near(parameters)
    found = at(position)
    assert found.shape == parameters.shape == MixtureShape(3, 2, FAMILIES[family])
    for one, other in zip(found.sites.values(), parameters.sites.values(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-14)
    jacobian = jax.jit(jax.jacfwd(lambda c: ravel_pytree(at(c).sites)[0]))(position)
    assert np.linalg.matrix_rank(np.asarray(jacobian)) == position.size

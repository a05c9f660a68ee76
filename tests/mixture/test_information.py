"""The Hessian in one pass against JAX's own of the plain density, for every family; and what it costs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from gmm_ppl.mixture.density import log_density
from gmm_ppl.mixture.information import expansion
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.rows import rows
from tests.cases import FAMILY_NAMES, random_parameters, random_rows

pytestmark = pytest.mark.usefixtures("x64")

N = 300
WEIGHTS = np.random.default_rng(5).uniform(0, 2, N)


def parametrised(parameters):
    """Coordinates in which every number is free: log weights, means, and those of the covariances' parts."""
    start = (np.log(parameters.weights), parameters.means, parameters.covariance.real)
    flat, unravel = ravel_pytree(jax.tree.map(jnp.asarray, start))
    family = type(parameters.covariance)

    def at(position):
        logits, means, real = unravel(position)
        return MixtureParameters(jax.nn.softmax(logits), means, family.from_real(real))

    return at, flat


def log_likelihood_hessian(held, at, position):
    return expansion(held, lambda each: (jnp.zeros(()), at(each)), position).hessian


def plain(x, at):
    return jax.jit(jax.hessian(lambda position: WEIGHTS @ log_density(jnp.asarray(x), at(position))))


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_against_the_plain_density(family):
    parameters = random_parameters(family)
    x = random_rows(N, parameters.means.shape[1])
    at, position = parametrised(parameters)
    wanted = plain(x, at)(position)
    found = jax.jit(lambda each: log_likelihood_hessian(rows(x, WEIGHTS), at, each))(position)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9 * np.abs(wanted).max())


@pytest.mark.parametrize("units", [1e-100, 1e100])
def test_impossible_units(units):
    parameters = random_parameters("full")
    x = random_rows(N, parameters.means.shape[1])
    at, position = parametrised(parameters)
    wanted = jax.jit(lambda each: log_likelihood_hessian(rows(x, WEIGHTS), at, each))(position)

    def in_units(each):
        found = at(each)
        scaled = type(found.covariance)(found.covariance.covariances * units * units)
        return MixtureParameters(found.weights, found.means * units, scaled)

    found = jax.jit(lambda each: log_likelihood_hessian(rows(x * units, WEIGHTS), in_units, each))(position)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9 * np.abs(wanted).max())


def test_components_far_apart_keep_their_digits():
    """10⁶ standard deviations from the middle the expanded square has no digits for this."""
    parameters = random_parameters("full")
    shift = 1e6 * np.array([1.0] + [-1.0] * (parameters.means.shape[0] - 1))[:, None]
    far = MixtureParameters(parameters.weights, parameters.means + shift, parameters.covariance)
    x = random_rows(N, parameters.means.shape[1])
    x = np.concatenate([x[: N // 2] + 1e6, x[N // 2 :] - 1e6])
    at, position = parametrised(far)
    wanted = plain(x, at)(position)
    found = jax.jit(lambda each: log_likelihood_hessian(rows(x, WEIGHTS), at, each))(position)
    np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-9 * np.abs(wanted).max())


def test_nothing_as_large_as_the_data_times_the_coordinates():
    """Compiled memory for 2¹⁶ rows, against N × K × C numbers."""
    parameters, count = random_parameters("full", 8, 4), 2**16
    at, position = parametrised(parameters)
    shapes = jax.ShapeDtypeStruct((count, 4), np.float64), jax.ShapeDtypeStruct((count,), np.float64)
    held = jax.eval_shape(rows, *shapes)
    program = jax.jit(lambda data, each: log_likelihood_hessian(data, at, each)).lower(held, position).compile()
    assert program.memory_analysis().temp_size_in_bytes < count * 8 * position.size * 8 / 8

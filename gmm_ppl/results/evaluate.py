"""Densities of many rows under many draws, in bounded memory."""

import equinox as eqx
import jax
import numpy as np

from gmm_ppl.compiled import mapped
from gmm_ppl.mixture.density import density_and_responsibilities, log_density
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.model.assignments import flatten_draws
from gmm_ppl.types import Array, Float, in_float64

WORKING_NUMBERS = 2**20
"""Rows × components × features that are expanded at a time: 8 MB."""


def batch_of(each: int) -> int:
    """How many things of `each` numbers are expanded together."""
    return max(1, WORKING_NUMBERS // each)


@in_float64
def density_and_memberships(parameters: MixtureParameters, x: Float[Array, "N D"]) -> tuple[Array, Array]:
    """Log density in nats (N,) and responsibilities (N, K) at one set of parameters."""
    return rows_in_batches(parameters, x)


@eqx.filter_jit
def rows_in_batches(parameters: MixtureParameters, x: Array) -> tuple[Array, Array]:
    """`density_and_responsibilities`, some rows at a time."""
    return mapped(lambda row: density_and_responsibilities(row, parameters), x, together=batch_of(parameters.means.size))


@in_float64
def pointwise_log_likelihood(draws: MixtureParameters, x: Float[Array, "N D"]) -> Float[np.ndarray, "chain draw N"]:
    """Log density of each row under each draw, in nats, for parameters with leading axes (chain, draw)."""
    values = draws_in_batches(flatten_draws(draws), x)
    return np.asarray(values).reshape(*draws.weights.shape[:2], -1)


@eqx.filter_jit
def draws_in_batches(draws: MixtureParameters, x: Array) -> Float[Array, "S N"]:
    """`log_density` of all rows, some draws at a time."""
    each = draws.weights.shape[-1] * x.size
    return mapped(lambda parameters: log_density(x, parameters), draws, together=batch_of(each))


def select_draws(draws: MixtureParameters, kept: np.ndarray) -> MixtureParameters:
    """The draws at positions `kept` of every chain."""
    return jax.tree.map(lambda leaf: leaf[:, kept], draws)

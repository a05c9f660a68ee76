"""Densities of many rows at a point or under many draws, in bounded memory.

A point is evaluated in NumPy, so that a fit without draws needs no compiler; draws by the programs of `results.programs`.
"""

import numpy as np

from gmm_ppl.mixture.density import density_and_responsibilities
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.records import map_arrays
from gmm_ppl.types import Float, in_float64

WORKING_NUMBERS = 2**20
"""Rows × components × features that are expanded at a time: 8 MB."""


def batch_of(each: int) -> int:
    """How many things of `each` numbers are expanded together."""
    return max(1, WORKING_NUMBERS // each)


def density_and_memberships(
    parameters: MixtureParameters, x: Float[np.ndarray, "N D"]
) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, "N K"]]:
    """Log density in nats and responsibilities at one set of parameters."""
    rooted = MixtureParameters(parameters.weights, parameters.means, parameters.covariance.rooted())
    size = batch_of(parameters.means.size)
    found = [density_and_responsibilities(x[start : start + size], rooted) for start in range(0, len(x), size)]
    return np.concatenate([density for density, _ in found]), np.concatenate([memberships for _, memberships in found])


def entropy(memberships: Float[np.ndarray, "... K"]) -> Float[np.ndarray, "..."]:
    """−Σ_k γ_k log γ_k in nats: 0 where a row is sure, log K where nothing is known."""
    return -np.sum(memberships * np.log(np.where(memberships == 0, 1, memberships)), axis=-1)


@in_float64
def pointwise_log_likelihood(draws: MixtureParameters, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "chain draw N"]:
    """Log density of each row under each draw, in nats, for parameters with leading axes (chain, draw)."""
    from gmm_ppl.model.assignments import flatten_draws
    from gmm_ppl.results.programs import draws_in_batches

    each = draws.weights.shape[-1] * x.size
    values = draws_in_batches(flatten_draws(draws), x, together=batch_of(each))
    return np.asarray(values).reshape(*draws.weights.shape[:2], -1)


def select_draws(draws: MixtureParameters, kept: np.ndarray) -> MixtureParameters:
    """The draws at positions `kept` of every chain."""
    return map_arrays(lambda leaf: leaf[:, kept], draws)

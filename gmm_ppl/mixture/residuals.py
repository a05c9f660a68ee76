"""The stable form of the pass: residuals about each component's own mean, whitened before they are squared.

It loses no digits to narrow components far apart, and takes two or three times as long as the expanded square.
"""

import jax.numpy as jnp

from gmm_ppl.mixture.blocks import sum_over_blocks
from gmm_ppl.mixture.density import density_and_responsibilities, log_density
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.types import Array, Float

CACHED_NUMBERS = 2**16
"""Numbers in a block's residuals, rows × K × D: what stays in a core's second-level cache beside the responsibilities."""


def block_size(lanes: int, components: int, dimension: int) -> int:
    """Rows a block, for `lanes` mixtures at once."""
    return max(128, CACHED_NUMBERS // (lanes * components * dimension))


def residual_log_likelihood(rows: Rows, parameters: MixtureParameters, lanes: int = 1) -> Float[Array, ""]:
    """Σ_i w_i log P(x_i)."""

    def block(columns: Array, weights: Array) -> Array:
        return weights @ log_density(rows.origin + columns.T, parameters)

    return sum_over_blocks(block, rows.columns, rows.weights, block_size(lanes, *parameters.means.shape))


def residual_statistics(rows: Rows, parameters: MixtureParameters, lanes: int = 1) -> tuple[Array, Statistics]:
    """Log-likelihood and `Statistics` about the components' own means."""

    def block(columns: Array, weights: Array) -> tuple[Array, tuple[Array, Array, Array]]:
        x = rows.origin + columns.T
        densities, responsibilities = density_and_responsibilities(x, parameters)
        memberships = responsibilities * weights[:, None]
        return weights @ densities, moments(x, memberships, parameters.means, matrix=parameters.covariance.matrix)

    value, sums = sum_over_blocks(block, rows.columns, rows.weights, block_size(lanes, *parameters.means.shape))
    return value, Statistics(*sums, parameters.means)


def moments(x: Float[Array, "B D"], memberships: Float[Array, "B K"], centre: Float[Array, "K D"], *, matrix: bool) -> tuple:
    """Σ_i w_ik (1, r, r rᵀ or r²), r = x_i − c_k."""
    residuals = x[:, None, :] - centre
    weighted = memberships[:, :, None] * residuals
    second = jnp.einsum("nkd,nke->kde", weighted, residuals) if matrix else jnp.sum(weighted * residuals, axis=0)
    return jnp.sum(memberships, axis=0), jnp.sum(weighted, axis=0), second


def statistics_of_memberships(rows: Rows, memberships: Float[Array, "N K"], *, matrix: bool) -> Statistics:
    """`Statistics` of rows whose memberships r_ik are known, about each component's own weighted mean.

    Two passes: the means first, so that the scatter loses no digits however far apart the components are.
    """
    shape = (memberships.shape[1], rows.columns.shape[0])
    rough = memberships_about(jnp.broadcast_to(rows.origin + rows.columns[:, 0], shape), rows, memberships, matrix=False)
    return memberships_about(rough.means, rows, memberships, matrix=matrix)


def memberships_about(centre: Float[Array, "K D"], rows: Rows, memberships: Array, *, matrix: bool) -> Statistics:
    """`moments` in blocks."""
    weights = memberships.T * rows.weights

    def block(columns: Array, each: Array) -> tuple[Array, Array, Array]:
        return moments(rows.origin + columns.T, each.T, centre, matrix=matrix)

    return Statistics(*sum_over_blocks(block, rows.columns, weights, block_size(1, *centre.shape)), centre)

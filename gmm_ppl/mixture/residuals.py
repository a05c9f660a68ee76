"""The stable form of the pass: residuals about each component's own mean, whitened before they are squared.

It loses no digits to narrow components far apart, and takes two or three times as long as the expanded square.
Parameters may have leading axes, of several mixtures.
"""

from math import prod

import numpy as np

from gmm_ppl.mixture.blocks import sum_over_blocks
from gmm_ppl.mixture.density import exponentials, joint_of_residuals
from gmm_ppl.mixture.moments import SQUARES, Moment
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.mixture.triangular import WRITTEN_OUT
from gmm_ppl.namespace import namespace
from gmm_ppl.types import Array, Float

CACHED_NUMBERS = 2**16
"""Numbers in a block's residuals, rows × K × D: what stays in a core's second-level cache beside the responsibilities."""


def block_size(lanes: int, shape: tuple[int, ...]) -> int:
    """Rows a block, for `lanes` mixtures at once whose means have this shape."""
    return max(128, CACHED_NUMBERS // (lanes * prod(shape)))


def residual_log_likelihood(rows: Rows, parameters: MixtureParameters, lanes: int = 1) -> Float[Array, "..."]:
    """Σ_i w_i log P(x_i)."""
    xp = namespace(rows.columns, parameters.means)

    def block(columns: Array, weights: Array) -> Array:
        largest, _, total = exponentials(joint_of_residuals(residuals_of(columns, rows, parameters.means), parameters), axis=-2)
        return xp.sum(weights * (largest + xp.log(total)), axis=-1)

    return sum_over_blocks(block, rows.columns, rows.weights, block_size(lanes, parameters.means.shape))


def residual_statistics(rows: Rows, parameters: MixtureParameters, lanes: int = 1) -> tuple[Array, Statistics]:
    """Log-likelihood and `Statistics` about the components' own means."""
    value, (count, first, second) = sum_over_blocks(
        lambda columns, weights: expected_moments(residuals_of(columns, rows, parameters.means), weights, parameters),
        rows.columns,
        rows.weights,
        block_size(lanes, parameters.means.shape),
    )
    return value, Statistics(count, first, second, parameters.means, parameters.covariance.moment)


def expected_moments(residuals: Float[Array, "... K D B"], weights: Array, parameters: MixtureParameters) -> tuple[Array, tuple]:
    """Σ_i w_i log P(x_i), and the `moments` weighted by w_i γ_ik."""
    xp = namespace(residuals, parameters.means)
    largest, each, total = exponentials(joint_of_residuals(residuals, parameters), axis=-2)
    value = xp.sum(weights * (largest + xp.log(total)), axis=-1)
    return value, moments(residuals, each * (weights / total)[..., None, :], parameters.covariance.moment)


def residuals_of(columns: Float[Array, "D B"], rows: Rows, centre: Float[Array, "... K D"]) -> Float[Array, "... K D B"]:
    """x_i − c_k. Components × features × rows: whatever is summed or squared then runs along contiguous rows."""
    return columns - (centre - rows.origin)[..., None]


def moments(residuals: Float[Array, "... K D B"], memberships: Float[Array, "... K B"], moment: Moment) -> tuple:
    """Σ_i w_ik (1, r, second moment of r)."""
    features, xp = residuals.shape[-2], namespace(residuals, memberships)
    if moment is SQUARES or (features <= WRITTEN_OUT and xp is not np):
        # Each product once: a batch of products of such small matrices takes longer than everything else together.
        return moment.unpacked(xp.matmul(moment.features(residuals), memberships[..., None])[..., 0])
    extended = xp.concatenate([xp.ones_like(residuals[..., :1, :]), residuals], axis=-2)
    sums = xp.matmul(extended * memberships[..., None, :], extended.swapaxes(-1, -2))
    return sums[..., 0, 0], sums[..., 0, 1:], sums[..., 1:, 1:]


def statistics_of_memberships(rows: Rows, memberships: Float[Array, "... N K"], moment: Moment) -> Statistics:
    """`Statistics` of rows whose memberships r_ik are known, about each component's own weighted mean.

    Two passes: the means first, so that the scatter loses no digits however far apart the components are.
    """
    xp = namespace(rows.columns, memberships)
    shape = (*memberships.shape[:-2], memberships.shape[-1], rows.columns.shape[0])
    rough = memberships_about(xp.broadcast_to(rows.origin + rows.columns[:, 0], shape), rows, memberships, SQUARES)
    return memberships_about(rough.means, rows, memberships, moment)


def memberships_about(centre: Float[Array, "... K D"], rows: Rows, memberships: Array, moment: Moment) -> Statistics:
    """`moments` in blocks."""
    weights = memberships.swapaxes(-1, -2) * rows.weights
    count, first, second = sum_over_blocks(
        lambda columns, each: moments(residuals_of(columns, rows, centre), each, moment),
        rows.columns,
        weights,
        block_size(1, centre.shape),
    )
    return Statistics(count, first, second, centre, moment)

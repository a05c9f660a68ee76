"""The one pass over the data: rows and parameters in, log-likelihood and expected statistics out, block by block.

Everything that looks at all rows goes through here: the E-step, the gradient for samplers, Hessians. A block of
rows is the most that is ever expanded to rows × components × features. Residuals are taken about each component's
own mean and whitened before squaring, so that narrow components far from the origin lose no digits.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from gmm_ppl.mixture.density import density_and_responsibilities, expected_log_likelihood, log_density
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.types import Array, Float

Rows = Float[Array, "N D"]
RowWeights = Float[Array, " N"]
Sum = TypeVar("Sum")

CACHED_NUMBERS = 2**16
"""Numbers in a block's residuals, rows × K × D: what stays in a core's second-level cache beside the responsibilities."""


def expected_statistics(x: Rows, row_weights: RowWeights, parameters: MixtureParameters) -> tuple[Array, Statistics]:
    """The E-step: (Σ_i w_i log P(x_i), `Statistics` about the given means) in one pass over the rows.

    Args:
        x: rows (N, D).
        row_weights: w (N,) ≥ 0; a weight of 0 leaves a row out, wherever it lies short of 10¹⁵⁰ standard deviations,
            where squares overflow.
        parameters: of the mixture at which responsibilities are taken.
    """
    return sum_over_blocks(partial(block_statistics, parameters=parameters), x, row_weights, parameters.means)


@jax.custom_jvp
def log_likelihood(x: Rows, row_weights: RowWeights, parameters: MixtureParameters) -> Float[Array, ""]:
    """Σ_i w_i log P(x_i) in nats.

    Differentiable in the parameters, in forward and reverse mode and to second order, at the cost of one more pass
    and the memory of the statistics: by Fisher's identity the tangent is linear in them, so nothing of size N × K is
    kept for a backward pass. Derivatives in x or in the row weights take the plain route through every row.
    """
    return sum_over_blocks(partial(block_value, parameters=parameters), x, row_weights, parameters.means)


@partial(log_likelihood.defjvp, symbolic_zeros=True)
def log_likelihood_jvp(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    """Value and tangent of `log_likelihood`."""
    x, row_weights, parameters = primals
    value, statistics = expected_statistics(x, row_weights, parameters)
    moved = materialise(tangents[2], parameters)
    tangent = jax.jvp(partial(expected_log_likelihood, statistics), (parameters,), (moved,))[1]
    if any(not isinstance(each, SymbolicZero) for each in tangents[:2]):
        rows = (materialise(tangents[0], x), materialise(tangents[1], row_weights))
        tangent = tangent + jax.jvp(lambda a, b: b @ log_density(a, parameters), (x, row_weights), rows)[1]
    return value, tangent


def block_value(x: Rows, row_weights: RowWeights, parameters: MixtureParameters) -> Float[Array, ""]:
    """Σ_i w_i log P(x_i) over one block."""
    return row_weights @ log_density(x, parameters)


def block_statistics(x: Rows, row_weights: RowWeights, parameters: MixtureParameters) -> tuple[Array, Statistics]:
    """Log-likelihood and statistics of one block."""
    values, responsibilities = density_and_responsibilities(x, parameters)
    statistics = weighted_statistics(
        x, responsibilities * row_weights[:, None], parameters.means, matrix=parameters.covariance.matrix
    )
    return row_weights @ values, statistics


def weighted_statistics(x: Rows, weights: Float[Array, "N K"], centre: Float[Array, "K D"], *, matrix: bool) -> Statistics:
    """`Statistics` of rows that belong to components with the given weights (w_i r_ik), about `centre`."""
    residuals = x[:, None, :] - centre
    weighted = weights[:, :, None] * residuals
    second = jnp.einsum("nkd,nke->kde", weighted, residuals) if matrix else jnp.sum(weighted * residuals, axis=0)
    return Statistics(jnp.sum(weights, axis=0), jnp.sum(weighted, axis=0), second, centre)


def statistics_of_memberships(x: Rows, memberships: Float[Array, "N K"], *, matrix: bool) -> Statistics:
    """`Statistics` of rows whose memberships (w_i r_ik) are known, about each component's own weighted mean.

    Two passes: the means first, so that the scatter loses no digits however far apart the components are.
    """
    shape = (memberships.shape[1], x.shape[1])
    rough = memberships_about(jnp.broadcast_to(x[0], shape), x, memberships, matrix=False)
    return memberships_about(rough.means, x, memberships, matrix=matrix)


def memberships_about(centre: Array, x: Rows, memberships: Float[Array, "N K"], *, matrix: bool) -> Statistics:
    """`weighted_statistics` in blocks."""
    return sum_over_blocks(partial(weighted_statistics, centre=centre, matrix=matrix), x, memberships, centre)


def sum_over_blocks[Sum](block: Callable[[Rows, Array], Sum], x: Rows, weights: Array, centre: Float[Array, "K D"]) -> Sum:
    """Add `block(rows, weights)` over blocks of rows; the last block is padded with rows of weight 0.

    `centre` is that of any `Statistics` in the sum: no sum itself, every block has it, and it is put back at the end.
    """
    size = max(128, CACHED_NUMBERS // centre.size)
    if x.shape[0] <= size:
        return block(x, weights)
    missing = -x.shape[0] % size
    # Padding repeats a real row: zeros could lie so far from every component that 0 · ∞ would appear.
    rows = jnp.concatenate([x, jnp.broadcast_to(x[:1], (missing, x.shape[1]))])
    padded = jnp.concatenate([weights, jnp.zeros((missing, *weights.shape[1:]), weights.dtype)])
    blocks = (rows.reshape(-1, size, x.shape[1]), padded.reshape(-1, size, *weights.shape[1:]))

    def add(total: Sum, each: tuple[Array, Array]) -> tuple[Sum, None]:
        return jax.tree.map(jnp.add, total, block(*each)), None

    first = block(blocks[0][0], blocks[1][0])
    return keep_centre(jax.lax.scan(add, first, (blocks[0][1:], blocks[1][1:]))[0], centre)


def keep_centre[Sum](total: Sum, centre: Float[Array, "K D"]) -> Sum:
    """Put the shared centre back into summed `Statistics`."""

    def restore(each: object) -> object:
        if not isinstance(each, Statistics):
            return each
        return Statistics(each.count, each.first, each.second, centre)

    return jax.tree.map(restore, total, is_leaf=lambda each: isinstance(each, Statistics))


def materialise(tangent: object, primal: object) -> object:
    """A tangent with its symbolic zeros as arrays of zeros."""

    def fill(each: object, value: Array) -> object:
        return jnp.zeros_like(value) if isinstance(each, SymbolicZero) else each

    return jax.tree.map(fill, tangent, primal, is_leaf=lambda each: isinstance(each, SymbolicZero))

"""Log P(x_i) of every row, whose derivatives keep nothing of size N × K: for models with a plate of rows."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap

from gmm_ppl.mixture import expanded, residuals
from gmm_ppl.mixture.blocks import ROWS_FOR_A_THREAD
from gmm_ppl.mixture.data_pass import loses
from gmm_ppl.mixture.density import exponentials, joint_of_residuals, log_density
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.types import Array, Bool, Float, Int

KEPT = 2**17
"""Rows × K × D up to which what a derivative needs is kept, not made again: 1 MB, which a core's second-level cache holds.

Of a gradient's time the plain density takes 0.5 to 1 up to 2¹⁶, as much to twice as much at 2¹⁷ and 2¹⁸, 2 to 4 times at 2²⁰.
"""


def log_density_by_row(rows: Rows, parameters: MixtureParameters) -> Float[Array, " N"]:
    """Log P(x_i) in nats; row weights count for nothing.

    Differentiable in the parameters and in x, in every mode and to every order. For a derivative in reverse a block of rows is
    expanded again, and what is left is Fisher's identity: that of Σ_i v_i log P(x_i) is the expected log-likelihood's at
    statistics with row weights v. By products over the rows' features where those keep enough digits, else over residuals; few
    rows take the plain density.
    """
    if rows.columns.shape[1] * parameters.means.size <= KEPT:
        return log_density(rows.x, parameters)
    return jax.lax.cond(in_any_lane(loses(rows, parameters)), residual_form, expanded_form, rows, parameters)


@custom_vmap
def in_any_lane(flag: Bool[Array, ""]) -> Bool[Array, ""]:
    """Whether the flag is set in any lane that `vmap` maps over, so that a branch on it stays a branch: the most demanding lane
    decides for all.
    """
    return flag


@in_any_lane.def_vmap
def in_any_of_them(size: int, batched: list[bool], flag: Bool[Array, " S"]) -> tuple[Bool[Array, ""], bool]:
    """One answer for all lanes, and for those of a `vmap` around it."""
    del size, batched
    return in_any_lane(jnp.any(flag)), False


def expanded_form(rows: Rows, parameters: MixtureParameters) -> Float[Array, " N"]:
    """By θ φ."""
    theta, moment = expanded.theta_of(rows, parameters), parameters.covariance.moment

    def block(columns: Array) -> Array:
        return log_sum(theta @ moment.features(expanded.about_centre(columns, rows)))

    return by_blocks(block, rows.columns, expanded.block_size(1, parameters))


def residual_form(rows: Rows, parameters: MixtureParameters) -> Float[Array, " N"]:
    """By residuals about each component's own mean."""

    def block(columns: Array) -> Array:
        return log_sum(joint_of_residuals(residuals.residuals_of(columns, rows, parameters.means), parameters))

    return by_blocks(block, rows.columns, residuals.block_size(1, parameters.means.shape))


def log_sum(joint: Float[Array, "K B"]) -> Float[Array, " B"]:
    """Log Σ_k e^{joint_k}, in double precision where that is in force."""
    largest, _, total = exponentials(joint, axis=0)
    return (largest + jnp.log(total)).astype(float)


def by_blocks(block: Callable[[Array], Array], columns: Float[Array, "D N"], most: int) -> Float[Array, " N"]:
    """`block` of the columns, two blocks a step as in `sum_over_blocks`; the last ones reach back over rows already done."""
    count = columns.shape[1]
    pairs = -(-count // (2 * min(most, max(ROWS_FOR_A_THREAD, -(-count // 4)))))
    size = -(-count // (2 * pairs))

    @jax.checkpoint
    def one_block(index: Int[Array, ""]) -> Array:
        start = jnp.minimum(index * size, count - size)
        return block(jax.lax.dynamic_slice_in_dim(columns, start, size, axis=1))

    def step(carry: None, index: Int[Array, ""]) -> tuple[None, Array]:
        return carry, jnp.stack([one_block(2 * index), one_block(2 * index + 1)])

    values = jax.lax.scan(step, None, jnp.arange(pairs))[1].reshape(-1)
    whole = count // size * size
    return jnp.concatenate([values[:whole], values[values.size - count + whole :]])

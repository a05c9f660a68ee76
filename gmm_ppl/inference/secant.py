"""What past steps say of the curvature: quasi-Newton steps that begin from a fixed-point method's own."""

import equinox as eqx
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular

from gmm_ppl.types import Array, Bool, Float

REMEMBERED = 10
"""Steps remembered; with 5 fits of many overlapping components take about a tenth more passes, with 20 no fewer."""


class Memory(eqx.Module):
    """The last M steps s (oldest first), the gradients they lost y, and what of them the method itself makes, H₀ y.

    H₀ is the method's own inverse curvature: near an optimum its step is H₀ times the gradient, so that differences of its
    steps are those of gradients times H₀. Rows of zeros are empty.
    """

    steps: Float[Array, "M P"]
    lost: Float[Array, "M P"]
    made: Float[Array, "M P"]

    @property
    def filled(self) -> Bool[Array, " M"]:
        """Which rows hold a step."""
        return jnp.sum(self.steps * self.lost, axis=1) > 0


def no_memory(point: Float[Array, " P"]) -> Memory:
    """A memory of nothing, for points of this size."""
    empty = jnp.zeros((REMEMBERED, point.size), point.dtype)
    return Memory(empty, empty, empty)


def remember(memory: Memory, step: Array, lost: Array, made: Array) -> Memory:
    """The memory with one more step, unless the objective curves upwards along it or something is not finite."""
    inner = step @ lost
    curved = inner > jnp.finfo(step.dtype).eps * jnp.linalg.norm(step) * jnp.linalg.norm(lost)
    kept = curved & jnp.isfinite(inner) & jnp.all(jnp.isfinite(made))

    def push(rows: Array, row: Array) -> Array:
        return jnp.where(kept, jnp.concatenate([rows[1:], row[None]]), rows)

    return Memory(push(memory.steps, step), push(memory.lost, lost), push(memory.made, made))


def quasi_newton_step(memory: Memory, own: Float[Array, " P"], gradient: Float[Array, " P"]) -> Float[Array, " P"]:
    """H g with the BFGS inverse H of the remembered steps, begun from the method's `own` step H₀ g.

    In the compact form of Byrd, Nocedal & Schnabel (1994, doi:10.1007/BF01582063) only products of H₀ with g and with y
    appear, and both are known without H₀. With EM as the method this is the acceleration QN2 of Jamshidian & Jennrich (1997,
    doi:10.1111/1467-9868.00083) with limited memory.
    """
    products = jnp.triu(memory.steps @ memory.lost.T)
    upper = products + jnp.diag(jnp.where(memory.filled, 0, 1))
    inner = solve_triangular(upper, memory.steps @ gradient)
    middle = jnp.diagonal(products) * inner + memory.lost @ (memory.made.T @ inner - own)
    outer = solve_triangular(upper, middle, trans=1)
    return own + memory.steps.T @ outer - memory.made.T @ inner

"""What past steps say of the curvature: quasi-Newton steps that begin from a fixed-point method's own."""

import numpy as np

from gmm_ppl.namespace import namespace
from gmm_ppl.records import Record, select
from gmm_ppl.types import Array, Bool, Float, Int

REMEMBERED = 10
"""Steps remembered; with 5 fits of many overlapping components take about a tenth more passes, with 20 no fewer."""

IDENTITY = np.eye(REMEMBERED)
UPPER = np.triu(np.ones((REMEMBERED, REMEMBERED)))


class Memory(Record):
    """The last M steps s (oldest first), the gradients they lost y, and what of them the method itself makes, H₀ y.

    H₀ is the method's own inverse curvature: near an optimum its step is H₀ times the gradient, so that differences of its
    steps are those of gradients times H₀. The first rows are zeros until M steps are `held`. Several memories have leading axes.
    """

    steps: Float[Array, "... M P"]
    lost: Float[Array, "... M P"]
    made: Float[Array, "... M P"]
    held: Int[Array, "..."]

    @property
    def empty(self) -> Bool[Array, "..."]:
        """Whether no step is held."""
        return self.held == 0


def no_memory(point: Float[Array, "... P"]) -> Memory:
    """A memory of nothing, for points of this size."""
    xp = namespace(point)
    empty = xp.zeros((*point.shape[:-1], REMEMBERED, point.shape[-1]), point.dtype)
    return Memory(empty, empty, empty, xp.zeros(point.shape[:-1], int))


def remember(memory: Memory, step: Array, lost: Array, made: Array) -> Memory:
    """The memory with one more step, unless the objective curves upwards along it or something is not finite."""
    xp = namespace(step)
    inner = (step * lost).sum(axis=-1)
    curved = inner > np.finfo(float).eps * xp.sqrt((step**2).sum(axis=-1) * (lost**2).sum(axis=-1))
    kept = curved & xp.isfinite(made).all(axis=-1)

    def pushed(rows: Array, row: Array) -> Array:
        return xp.concatenate([rows[..., 1:, :], row[..., None, :]], axis=-2)

    longer = Memory(pushed(memory.steps, step), pushed(memory.lost, lost), pushed(memory.made, made), memory.held + 1)
    return select(kept, longer, memory)


def quasi_newton_step(memory: Memory, own: Float[Array, "... P"], gradient: Float[Array, "... P"]) -> Float[Array, "... P"]:
    """H g with the BFGS inverse H of the remembered steps, begun from the method's `own` step H₀ g.

    In the compact form of Byrd, Nocedal & Schnabel (1994, doi:10.1007/BF01582063) only products of H₀ with g and with y
    appear, and both are known without H₀. With EM as the method this is the acceleration QN2 of Jamshidian & Jennrich (1997,
    doi:10.1111/1467-9868.00083) with limited memory.
    """
    solve = namespace(own).linalg.solve
    products = (memory.steps @ memory.lost.swapaxes(-1, -2)) * UPPER
    curvatures = namespace(own).diagonal(products, axis1=-2, axis2=-1)
    upper = products + IDENTITY * (curvatures <= 0)[..., None]
    inner = solve(upper, memory.steps @ gradient[..., None])
    from_made = memory.made.swapaxes(-1, -2) @ inner
    middle = curvatures[..., None] * inner + memory.lost @ (from_made - own[..., None])
    outer = solve(upper.swapaxes(-1, -2), middle)
    return own + (memory.steps.swapaxes(-1, -2) @ outer - from_made)[..., 0]

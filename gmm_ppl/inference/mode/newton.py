"""The mode of a log density by Newton steps that never go down, and the curvature there."""

import equinox as eqx
import jax
import jax.numpy as jnp

from gmm_ppl.inference.mode.curvature import LARGEST_DENSE, Curvature, Expansion, curvature, move
from gmm_ppl.types import Array, Bool, Float, Int

SETTLED = 1e-9
"""Nats that a Newton step still promises at what counts as a mode: a position within 5·10⁻⁵ posterior deviations."""

MAX_STEPS = 100

SHORTEST = 1e-4
"""Of a Newton step, the smallest part that is tried; where even that does not climb, digits are used up."""


class Mode(eqx.Module):
    """Where a log density is highest, near a start: position, log density (nats) and the curvature there.

    `promised` is what one more Newton `step` should gain, in nats, and `fraction` the part of it that is tried next; `done` where
    none is left to make. All belong to this very position, after `steps` evaluations.
    """

    position: Float[Array, " P"]
    log_density: Float[Array, ""]
    curvature: Curvature
    step: Float[Array, " P"]
    promised: Float[Array, ""]
    fraction: Float[Array, ""]
    done: Bool[Array, ""]
    steps: Int[Array, ""]


def find_mode(expansion: Expansion, start: Float[Array, " P"], settled: float = SETTLED) -> Mode:
    """The mode that Newton steps lead to, each halved until the density rises; `settled` are the nats that one may still promise.

    A direction in which the density curves upwards counts by the size of its curvature, so that every step goes uphill and
    saddles are left (Dauphin et al. 2014, doi:10.48550/arXiv.1406.2572). Value, gradient and Hessian are of one
    evaluation, so that there is one to compile: a step that is taken back has cost a Hessian too many, which is rare.
    """

    def going(mode: Mode) -> Array:
        return ~mode.done & (mode.steps < MAX_STEPS)

    return jax.lax.while_loop(going, lambda mode: try_step(expansion, mode, settled), nowhere(start))


def nowhere(start: Float[Array, " P"]) -> Mode:
    """Before the first evaluation: from here the start itself is tried, and anything is a gain."""
    none = jnp.zeros((), start.dtype)
    flat = Curvature(jnp.zeros(start.shape * (1 if start.size > LARGEST_DENSE else 2), start.dtype), none)
    return Mode(start, none - jnp.inf, flat, jnp.zeros_like(start), none, none + 1, jnp.zeros((), bool), jnp.zeros((), int))


def try_step(expansion: Expansion, mode: Mode, settled: float) -> Mode:
    """The position after `fraction` of the step, where it gains a ten-thousandth of what it should; else half the fraction."""
    target = mode.position + mode.fraction * mode.step
    value, gradient, hessian = expansion(target)
    reached = arrived(target, value, gradient, curvature(hessian), mode.steps + 1, settled)
    first = mode.steps == 0
    rises = first | (value - mode.log_density >= 2e-4 * mode.fraction * mode.promised)
    stayed = shortened(mode)
    return jax.tree.map(lambda new, old: jnp.where(rises, new, old), reached, stayed)


def arrived(position: Array, value: Array, gradient: Array, here: Curvature, steps: Array, settled: float) -> Mode:
    """A position with the step that leads on from it; done where that promises nothing, or NaN: there is nothing to climb."""
    whitened = here.whitened(gradient)
    promised = whitened @ whitened / 2
    done = ~(promised > jnp.maximum(settled, 8 * jnp.finfo(value.dtype).eps * jnp.abs(value)))
    step = move(jnp.zeros_like(position), here.scale, whitened)
    return Mode(position, value, here, step, promised, jnp.ones_like(value), done, steps)


def shortened(mode: Mode) -> Mode:
    """The same position, of whose step half as much is tried; done where that is too little."""
    fraction = mode.fraction / 2
    where = lambda each: (each.fraction, each.done, each.steps)  # noqa: E731
    return eqx.tree_at(where, mode, (fraction, fraction < SHORTEST, mode.steps + 1))

"""The mode of a log density by Newton steps that never go down, and the curvature there."""

import equinox as eqx
import jax
import jax.numpy as jnp

from gmm_ppl.inference.curvature import LARGEST_DENSE, Curvature, Hessian, LogDensity, curvature, move
from gmm_ppl.types import Array, Bool, Float, Int

SETTLED = 1e-9
"""Nats that a Newton step still promises at what counts as a mode: a position within 5·10⁻⁵ posterior deviations."""

MAX_STEPS = 100

SHORTEST = 1e-4
"""Of a Newton step, the smallest part that is tried; where even that does not climb, digits are used up."""


class Mode(eqx.Module):
    """Where a log density is highest, near a start: position, log density (nats) and the curvature there.

    `promised` is what one more Newton step should gain, in nats; `done` where no step is left to make: then all fields belong
    to this very position.
    """

    position: Float[Array, " P"]
    log_density: Float[Array, ""]
    curvature: Curvature
    promised: Float[Array, ""]
    done: Bool[Array, ""]
    steps: Int[Array, ""]


def find_mode(density: LogDensity, start: Float[Array, " P"], hessian: Hessian | None = None) -> Mode:
    """The mode that Newton steps lead to, each shortened until the density rises; `hessian` as in `curvature`.

    A direction in which the density curves upwards counts by the size of its curvature, so that every step goes uphill and
    saddles are left (Dauphin et al. 2014, doi:10.48550/arXiv.1406.2572).
    """
    none = jnp.zeros((), start.dtype)
    scale = jnp.zeros_like(start) if start.size > LARGEST_DENSE else jnp.zeros((start.size, start.size), start.dtype)
    first = Mode(start, none, Curvature(scale, none), none, jnp.zeros((), bool), jnp.zeros((), int))

    def going(mode: Mode) -> Array:
        return ~mode.done & (mode.steps < MAX_STEPS)

    return jax.lax.while_loop(going, lambda mode: step(density, mode, hessian), first)


def step(density: LogDensity, mode: Mode, hessian: Hessian | None) -> Mode:
    """What is known of the position, and the next one; the same where nothing is left to gain."""
    value, gradient = jax.value_and_grad(density)(mode.position)
    here = curvature(density, mode.position, hessian)
    whitened = here.whitened(gradient)
    promised = whitened @ whitened / 2
    reached, fraction = part_of_step(density, mode.position, move(mode.position, here.scale, whitened), value, promised)
    # Written so that NaN counts as done: there is nothing to climb.
    done = ~(promised > jnp.maximum(SETTLED, 8 * jnp.finfo(value.dtype).eps * jnp.abs(value))) | (fraction < SHORTEST)
    return Mode(jnp.where(done, mode.position, reached), value, here, promised, done, mode.steps + 1)


def part_of_step(density: LogDensity, point: Array, target: Array, value: Array, promised: Array) -> tuple[Array, Array]:
    """How far to go from a point towards a target: halved until a ten-thousandth of what that should gain is gained."""

    def too_far(fraction: Array) -> Array:
        gain = density(point + fraction * (target - point)) - value
        return ~(gain >= 2e-4 * fraction * promised) & (fraction >= SHORTEST)

    fraction = jax.lax.while_loop(too_far, lambda each: each / 2, jnp.ones_like(value))
    return point + fraction * (target - point), fraction

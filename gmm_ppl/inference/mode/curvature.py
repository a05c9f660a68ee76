"""Coordinates in which a log density curves alike in every direction."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp

from gmm_ppl.mixture.derivatives import unit_scale
from gmm_ppl.mixture.information import derivatives
from gmm_ppl.types import Array, Float

LARGEST_DENSE = 2000
"""Above this many coordinates only the Hessian's diagonal is used: the full one costs its square in memory, some gigabytes here.

By the diagonal alone Newton's steps do not arrive: 419 coordinates of 19 correlated features take 10 steps of 0.14 s with all of
it, and are far from the mode after 100 of 0.25 s without. 991 take 9 of 1.2 s.
"""

FLATTEST = 1e-8
"""Curvature below this fraction of the steepest counts as this fraction, so that a flat direction keeps a finite scale."""

LogDensity = Callable[[Float[Array, " P"]], Float[Array, ""]]
Expansion = Callable[[Float[Array, " P"]], tuple[Float[Array, ""], Float[Array, " P"], Array]]
"""Value, gradient and Hessian of a log density at a point; of the Hessian only the diagonal where P is above `LARGEST_DENSE`."""


class Curvature(eqx.Module):
    """W with W Wᵀ ≈ (−Hessian)⁻¹ at a point: (P, P), or its diagonal (P,) where P is large.

    `flattest` is the smallest curvature as a fraction of the largest, after scaling by the diagonal: 0 or less where the point
    is no mode.
    """

    scale: Array
    flattest: Float[Array, ""]

    @property
    def log_volume(self) -> Float[Array, ""]:
        """log |det W|."""
        if self.scale.ndim == 1:
            return jnp.sum(jnp.log(jnp.abs(self.scale)))
        return jnp.linalg.slogdet(self.scale)[1]

    def whitened(self, gradient: Float[Array, " P"]) -> Float[Array, " P"]:
        """Wᵀ g: the gradient in coordinates of unit curvature, where it is also the Newton step."""
        return gradient @ self.scale if self.scale.ndim == 2 else self.scale * gradient


def curvature(hessian: Array) -> Curvature:
    """`Curvature` of a log density with this Hessian, (P, P) or its diagonal (P,).

    Rows and columns are first scaled by the diagonal, so that coordinates in units as different as 10⁻¹⁰⁰ and 1 keep their
    digits. Directions that curve upwards (the point is no mode) count by the size of their curvature.
    """
    steepness = -hessian
    if steepness.ndim == 1:
        return Curvature(unit_scale(steepness), jnp.min(steepness) / jnp.max(jnp.abs(steepness)))
    scale = unit_scale(jnp.diagonal(steepness))
    values, vectors = jnp.linalg.eigh(scale[:, None] * steepness * scale)
    sizes = jnp.abs(values)
    whitening = scale[:, None] * vectors / jnp.sqrt(jnp.maximum(sizes, FLATTEST * jnp.max(sizes)))
    return Curvature(whitening, values[0] / jnp.max(sizes))


def by_columns(density: LogDensity) -> Expansion:
    """The `Expansion` of any density: a gradient and its derivative along every coordinate."""

    def expansion(point: Float[Array, " P"]) -> tuple[Array, Array, Array]:
        if point.size <= LARGEST_DENSE:
            return derivatives(density, point)
        return *jax.value_and_grad(density)(point), diagonal_of_hessian(density, point)

    return expansion


def diagonal_of_hessian(density: LogDensity, point: Float[Array, " P"]) -> Float[Array, " P"]:
    """Second derivatives along the coordinates, one Hessian–vector product at a time."""
    gradient = jax.grad(density)

    def entry(index: Array) -> Array:
        direction = jnp.zeros_like(point).at[index].set(1)
        return jax.jvp(gradient, (point,), (direction,))[1][index]

    return jax.lax.map(entry, jnp.arange(point.size))


def move(point: Float[Array, " P"], scale: Array, steps: Float[Array, " P"]) -> Float[Array, " P"]:
    """Point + W steps."""
    return point + (scale @ steps if scale.ndim == 2 else scale * steps)

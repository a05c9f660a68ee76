"""Diagonal covariances of one shape: a volume for each component, and variances in one proportion for all (mclust's VEI)."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from gmm_ppl.mixture.covariance.axes import AbstractAxes, deviance_gradient
from gmm_ppl.mixture.covariance.base import Part
from gmm_ppl.mixture.covariance.diagonal import DiagonalCovariance
from gmm_ppl.mixture.supports import UNIT_PRODUCT, VOLUME, zero_sum_basis
from gmm_ppl.mixture.triangular import inverse_cholesky
from gmm_ppl.namespace import constant, namespace
from gmm_ppl.types import Array, Float

MOST_STEPS = 100
"""Scatter whose entries lie e^±45 apart takes 40; a covariance is called collapsed from e^−32 on."""

LONGEST = 2.0
"""By how much a step changes a logarithm at most: 1 takes twice as many steps, and from 4 on some never end."""

SETTLED = 1e-8
"""Steps shrink as their squares: after one of this size nothing is left but rounding."""


class TiedShapeDiagonalCovariance(AbstractAxes):
    """Σ_k = λ_k A with A = diag(a_1 … a_D), Π_d a_d = 1, mclust's VEI."""

    volumes: Float[Array, "..."]
    shape: Float[Array, "..."]
    name: ClassVar[str] = "diagonal_tied_shape"
    formula: ClassVar[str] = r"\lambda_k \operatorname{diag}(a_1, \ldots, a_D)"
    parts: ClassVar[tuple[Part, ...]] = (Part("volumes", ("component",), VOLUME), Part("shape", ("feature",), UNIT_PRODUCT))

    @staticmethod
    def sharing(components: int, features: int) -> int:
        return 1

    @staticmethod
    def scale_of(scatter: Array) -> Array:
        return scatter

    @property
    def variance_table(self) -> Float[Array, "... K D"]:
        return self.volumes[..., :, None] * self.shape[..., None, :]

    @classmethod
    def fitted(cls, count: Float[Array, "... K"], scatter: Array) -> "TiedShapeDiagonalCovariance":
        xp = namespace(count, scatter)
        # Features in units of their own pooled scatter, so that no unit matters.
        pooled = scatter.sum(axis=-2)
        relative = scatter / pooled[..., None, :]
        logarithms = xp.log(pooled) + best_shape(count, relative)
        shape = xp.exp(logarithms - logarithms.mean(axis=-1, keepdims=True))
        return cls((scatter / shape[..., None, :]).sum(axis=-1) / (scatter.shape[-1] * count), shape)

    def gradient(self, count: Float[Array, "... K"], scatter: Array) -> dict[str, Array]:
        each = deviance_gradient(self.variance_table, count[..., None], scatter)
        return {"volumes": each.sum(axis=-1), "shape": each.sum(axis=-2) @ zero_sum_basis(scatter.shape[-1])}

    @classmethod
    def from_real(cls, real: Mapping[str, Array]) -> "TiedShapeDiagonalCovariance":
        return cls(VOLUME.from_real(real["volumes"]), UNIT_PRODUCT.from_real(real["shape"]))

    def marginal(self, kept: Array) -> DiagonalCovariance:
        return DiagonalCovariance(self.variance_table[..., kept])

    @classmethod
    def drawn(cls, key: Array, count: Array, scatter: Float[Array, " D"], components: int) -> "TiedShapeDiagonalCovariance":
        """One draw from p ∝ exp(−½ Σ_k (c_k log |Σ_k| + tr(Ψ Σ_k⁻¹))) for d log λ and the shape's own measure; needs JAX.

        With the volumes integrated out p(A) ∝ t^{−C D / 2}, t = Σ_d ψ_d / a_d and C = Σ_k c_k: the law of independent
        σ²_d ~ InverseGamma(C / 2, ψ_d / 2) divided by their geometric mean. Then λ_k | A ~ InverseGamma(c_k D / 2, t / 2).
        """
        import jax
        import jax.numpy as jnp

        for_shape, for_volumes = jax.random.split(key)
        count = jnp.broadcast_to(count, (components,))
        variances = jnp.log(scatter) - jax.random.loggamma(for_shape, jnp.sum(count) / 2, scatter.shape)
        shape = jnp.exp(variances - jnp.mean(variances))
        gammas = jax.random.loggamma(for_volumes, count * scatter.size / 2)
        return cls(jnp.exp(jnp.log(jnp.sum(scatter / shape) / 2) - gammas), shape)


def best_shape(count: Float[Array, "... K"], scatter: Float[Array, "... K D"]) -> Float[Array, "... D"]:
    """Logarithms, up to a sum, of the shape that maximises the likelihood, each component's volume being the best for it.

    What is minimised is Σ_k n_k log Σ_d W_kd e^{−u_d} + n Σ_d u_d / D, which is convex; alternating between volumes and shape
    (Celeux & Govaert 1995, doi:10.1016/0031-3203(94)00125-6) comes to the same, at a rate that can be as slow as one likes.
    """
    xp = namespace(count, scatter)
    rows, held = constant(count), constant(scatter)
    place = 0 * held[..., 0, :]
    if xp is np:
        for _ in range(MOST_STEPS):
            step = newton_step(rows, held, place)
            place = place + step
            if not (np.abs(step) > SETTLED).any():
                break
        return place
    import jax

    def go_on(state: tuple[Array, Array, Array]) -> Array:
        return (state[2] < MOST_STEPS) & xp.any(xp.abs(state[1]) > SETTLED)

    def move(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        step = newton_step(rows, held, state[0])
        return state[0] + step, step, state[2] + 1

    place = jax.lax.while_loop(go_on, move, (place, 2 * LONGEST + place, 0))[0]
    # The loop has no derivatives; a step from where it ended has the right first ones, and another the right second ones.
    return jax.lax.fori_loop(0, 2, lambda _, last: last + newton_step(count, scatter, last), place)


def newton_step(count: Float[Array, "... K"], scatter: Float[Array, "... K D"], place: Float[Array, "... D"]) -> Array:
    """Newton's step, no longer than `LONGEST`: within that the function is close to its parabola wherever it is."""
    xp, features = namespace(count, scatter), scatter.shape[-1]
    weighted = scatter * xp.exp(-place)[..., None, :]
    shares = weighted / weighted.sum(axis=-1, keepdims=True)
    counted = shares * (count / count.sum(axis=-1, keepdims=True))[..., None]
    total = features * counted.sum(axis=-2)
    # A common factor of all variances changes nothing: 1 / D makes that direction as steep as the others, and ε keeps
    # those that are flat to rounding from failing.
    diagonal = (total + features * xp.finfo(total.dtype).eps)[..., None] * np.eye(features)
    root = inverse_cholesky(diagonal + 1 / features - features * counted.swapaxes(-1, -2) @ shares)
    step = ((root @ (total - 1)[..., None]).swapaxes(-1, -2) @ root)[..., 0, :]
    return step / xp.maximum(1, xp.abs(step).max(axis=-1, keepdims=True) / LONGEST)

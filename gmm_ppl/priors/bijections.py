"""NumPyro's unconstrained coordinates of weights and covariance matrices, written as arithmetic that XLA fuses.

The maps are NumPyro's own, so that points move freely between its samplers and ours. Its code scatters triangles and takes
running products, each a program of its own: half of what a gradient of a small posterior cost, and of what it took to compile.
"""

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import biject_to, constraints
from numpyro.distributions.constraints import Constraint
from numpyro.distributions.transforms import ComposeTransform, StickBreakingTransform, Transform

from gmm_ppl.mixture.covariance.triangular import squared, triangle
from gmm_ppl.types import Array, Float


def bijection(support: Constraint) -> Transform:
    """The map from the real line to a support; NumPyro's own where nothing is gained."""
    while isinstance(support, constraints.independent):
        support = support.base_constraint
    return WRITTEN[type(support)]() if type(support) in WRITTEN else biject_to(support)


class SimplexBijection(StickBreakingTransform):
    """Breaks a stick: π_k = z_k Π_{j<k} (1 − z_j), z_j = 1 / (1 + exp(log(K − j) − u_j)), counted from j = 1.

    Carried in logarithms, so that no weight is rounded to 0 before it is that small.
    """

    def __call__(self, x: Float[Array, "... F"]) -> Float[Array, "... K"]:
        return jnp.exp(log_weights(x))

    def log_abs_det_jacobian(self, x: Array, y: Array, intermediates: object = None) -> Array:
        """Σ_j log π_j (1 − z_j)."""
        return jnp.sum(log_weights(x)[..., :-1] + jax.nn.log_sigmoid(-balanced(x)), axis=-1)


class CovarianceBijection(ComposeTransform):
    """Σ = L Lᵀ: the strict lower triangle of L row by row, then the logarithms of its diagonal."""

    def __init__(self) -> None:
        super().__init__(biject_to(constraints.positive_definite).parts)

    def __call__(self, x: Float[Array, "... T"]) -> Float[Array, "... D D"]:
        return self.with_factor(x)[0]

    def with_factor(self, x: Float[Array, "... T"]) -> tuple[Float[Array, "... D D"], Float[Array, "... D D"]]:
        """Σ and L."""
        size = features(x)
        lower = triangle(x[..., :-size], jnp.exp(x[..., -size:]))
        return squared(lower), lower

    def log_abs_det_jacobian(self, x: Array, y: Array, intermediates: object = None) -> Array:
        """D log 2 + Σ_d (D − d + 2) log L_dd, counted from d = 1."""
        size = features(x)
        return jnp.sum(np.log(2) + x[..., -size:] * np.arange(size + 1.0, 1, -1), axis=-1)


WRITTEN: dict[type[Constraint], type[Transform]] = {
    type(constraints.simplex): SimplexBijection,
    type(constraints.positive_definite): CovarianceBijection,
}


def balanced(x: Float[Array, "... F"]) -> Float[Array, "... F"]:
    """Logits of the parts broken off, shifted so that all zeros are equal weights."""
    return x - np.log(x.shape[-1] - np.arange(x.shape[-1]))


def log_weights(x: Float[Array, "... F"]) -> Float[Array, "... K"]:
    """log π."""
    size = x.shape[-1]
    logits = balanced(x)
    left = jax.nn.log_sigmoid(-logits)
    # What is left before each part, by choice and sum: a running sum is a loop to XLA.
    before = np.arange(size) < np.arange(size + 1)[:, None]
    broken = jnp.concatenate([jax.nn.log_sigmoid(logits), jnp.zeros((*x.shape[:-1], 1), x.dtype)], axis=-1)
    return broken + jnp.sum(jnp.where(before, left[..., None, :], 0), axis=-1)


def features(x: Float[Array, "... T"]) -> int:
    """D of D (D + 1) / 2 coordinates."""
    return int((8 * x.shape[-1] + 1) ** 0.5 - 1) // 2

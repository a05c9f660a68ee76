"""Diagonal covariances: a variance for each component and feature (mclust's VVI)."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from gmm_ppl.mixture.covariance.base import AbstractCovariance
from gmm_ppl.types import Array, Float


class DiagonalCovariance(AbstractCovariance):
    """Σ_k = diag(σ²_k1 … σ²_kD)."""

    values: Float[Array, "..."]
    name: ClassVar[str] = "diagonal"
    site: ClassVar[str] = "variances"
    dims: ClassVar[tuple[str, ...]] = ("component", "feature")
    matrix: ClassVar[bool] = False
    formula: ClassVar[str] = r"\operatorname{diag}(\sigma^2_{k1}, \ldots, \sigma^2_{kD})"

    @staticmethod
    def value_shape(components: int, features: int) -> tuple[int, ...]:
        return (components, features)

    @staticmethod
    def pool(per_component: Array) -> Array:
        return per_component

    def whiten(self, residuals: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return residuals / jnp.sqrt(self.values)

    def colour(self, noise: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return noise * jnp.sqrt(self.values)

    def log_determinant(self, features: int) -> Array:
        # By deviations, here and below, because derivatives by a variance of 10⁻²⁰⁰ divide by its square.
        return 2 * jnp.sum(jnp.log(jnp.sqrt(self.values)), axis=-1)

    def trace_precision(self, second: Array) -> Float[Array, " K"]:
        deviations = jnp.sqrt(self.values)
        return jnp.sum(second / deviations / deviations, axis=-1)

    def dense(self, components: int, features: int) -> Float[Array, "K D D"]:
        return self.values[:, :, None] * np.eye(features, dtype=self.values.dtype)

    def marginal(self, kept: Array) -> "DiagonalCovariance":
        return DiagonalCovariance(self.values[:, kept])

    def conditional(self, kept: Array, given: Array) -> tuple["DiagonalCovariance", Array]:
        return self.marginal(kept), jnp.zeros((kept.size, given.size), self.values.dtype)

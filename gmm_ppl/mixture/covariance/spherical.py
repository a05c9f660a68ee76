"""Spherical covariances: one variance a component, the same for every feature (mclust's VII)."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from gmm_ppl.mixture.covariance.base import AbstractCovariance
from gmm_ppl.types import Array, Float


class SphericalCovariance(AbstractCovariance):
    """Σ_k = σ²_k I; sensible only where the features share a unit."""

    values: Float[Array, "..."]
    name: ClassVar[str] = "spherical"
    site: ClassVar[str] = "variances"
    dims: ClassVar[tuple[str, ...]] = ("component",)
    matrix: ClassVar[bool] = False
    formula: ClassVar[str] = r"\sigma^2_k I"

    @staticmethod
    def value_shape(components: int, features: int) -> tuple[int, ...]:
        return (components,)

    @staticmethod
    def pool(per_component: Array) -> Array:
        return jnp.sum(per_component, axis=-1)

    def whiten(self, residuals: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return residuals / jnp.sqrt(self.values)[:, None]

    def colour(self, noise: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return noise * jnp.sqrt(self.values)[:, None]

    def log_determinant(self, features: int) -> Array:
        # By deviations, here and below, because derivatives by a variance of 10⁻²⁰⁰ divide by its square.
        return 2 * features * jnp.log(jnp.sqrt(self.values))

    def trace_precision(self, second: Array) -> Float[Array, " K"]:
        deviations = jnp.sqrt(self.values)
        return jnp.sum(second, axis=-1) / deviations / deviations

    def dense(self, components: int, features: int) -> Float[Array, "K D D"]:
        return self.values[:, None, None] * np.eye(features, dtype=self.values.dtype)

    def marginal(self, kept: Array) -> "SphericalCovariance":
        return self

    def conditional(self, kept: Array, given: Array) -> tuple["SphericalCovariance", Array]:
        return self, jnp.zeros((kept.size, given.size), self.values.dtype)

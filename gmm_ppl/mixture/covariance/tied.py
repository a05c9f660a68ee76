"""Tied covariances: one unrestricted matrix that all components share (mclust's EEE)."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from gmm_ppl.mixture.covariance.base import AbstractCovariance
from gmm_ppl.mixture.covariance.full import schur_complement
from gmm_ppl.mixture.covariance.triangular import inverse_cholesky, log_determinant
from gmm_ppl.types import Array, Float


class TiedCovariance(AbstractCovariance):
    """Σ_k = Σ for every component."""

    values: Float[Array, "..."]
    name: ClassVar[str] = "tied"
    site: ClassVar[str] = "covariance"
    dims: ClassVar[tuple[str, ...]] = ("feature", "feature_bis")
    matrix: ClassVar[bool] = True
    formula: ClassVar[str] = r"\Sigma"

    @staticmethod
    def value_shape(components: int, features: int) -> tuple[int, ...]:
        return (features, features)

    @staticmethod
    def pool(per_component: Array) -> Array:
        return jnp.sum(per_component, axis=0)

    def whiten(self, residuals: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return jnp.einsum("de,...e->...d", inverse_cholesky(self.values), residuals)

    def colour(self, noise: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return jnp.einsum("de,...e->...d", jnp.linalg.cholesky(self.values), noise)

    def log_determinant(self, features: int) -> Array:
        return log_determinant(self.values)

    def trace_precision(self, second: Array) -> Float[Array, " K"]:
        root = inverse_cholesky(self.values)
        return jnp.einsum("de,kef,df->k", root, second, root)

    def dense(self, components: int, features: int) -> Float[Array, "K D D"]:
        return self.values * np.ones((components, 1, 1), dtype=self.values.dtype)

    def marginal(self, kept: Array) -> "TiedCovariance":
        return TiedCovariance(self.values[kept[:, None], kept])

    def conditional(self, kept: Array, given: Array) -> tuple["TiedCovariance", Array]:
        covariance, gain = schur_complement(self.values, kept, given)
        return TiedCovariance(covariance), gain

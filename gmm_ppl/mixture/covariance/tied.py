"""Tied covariances: one unrestricted matrix that all components share (mclust's EEE)."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from gmm_ppl.mixture.covariance.full import schur_complement
from gmm_ppl.mixture.covariance.matrices import AbstractMatrixCovariance
from gmm_ppl.types import Array, Float


class TiedCovariance(AbstractMatrixCovariance):
    """Σ_k = Σ for every component."""

    values: Float[Array, "..."]
    root: Float[Array, "..."] | None = None
    name: ClassVar[str] = "tied"
    site: ClassVar[str] = "covariance"
    dims: ClassVar[tuple[str, ...]] = ("feature", "feature_bis")
    formula: ClassVar[str] = r"\Sigma"

    @staticmethod
    def value_shape(components: int, features: int) -> tuple[int, ...]:
        return (features, features)

    @staticmethod
    def pool(per_component: Array) -> Array:
        return jnp.sum(per_component, axis=0)

    def dense(self, components: int, features: int) -> Float[Array, "K D D"]:
        return self.values * np.ones((components, 1, 1), dtype=self.values.dtype)

    def marginal(self, kept: Array) -> "TiedCovariance":
        return TiedCovariance(self.values[kept[:, None], kept])

    def conditional(self, kept: Array, given: Array) -> tuple["TiedCovariance", Array]:
        covariance, gain = schur_complement(self.values, kept, given)
        return TiedCovariance(covariance), gain

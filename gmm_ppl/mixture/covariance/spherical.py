"""Spherical covariances: one variance a component, the same for every feature (mclust's VII)."""

from typing import ClassVar

from gmm_ppl.mixture.covariance.axes import AbstractVariances
from gmm_ppl.mixture.covariance.base import Part
from gmm_ppl.mixture.supports import POSITIVE
from gmm_ppl.types import Array, Float


class SphericalCovariance(AbstractVariances):
    """Σ_k = σ²_k I; sensible only where the features share a unit."""

    variances: Float[Array, "..."]
    name: ClassVar[str] = "spherical"
    formula: ClassVar[str] = r"\sigma^2_k I"
    parts: ClassVar[tuple[Part, ...]] = (Part("variances", ("component",), POSITIVE),)

    @staticmethod
    def sharing(components: int, features: int) -> int:
        return features

    @staticmethod
    def pooled(count: Float[Array, "... K"], scatter: Array) -> tuple[Array, Array]:
        return scatter.shape[-1] * count, scatter.sum(axis=-1)

    @staticmethod
    def scale_of(scatter: Array) -> Array:
        return scatter.mean(axis=-1)

    @property
    def variance_table(self) -> Float[Array, "... K D"]:
        return self.variances[..., None]

    def marginal(self, kept: Array) -> "SphericalCovariance":
        return self

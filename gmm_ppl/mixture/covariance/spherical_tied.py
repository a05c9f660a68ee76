"""Tied spherical covariances: one variance for every component and feature (mclust's EII)."""

from typing import ClassVar

from gmm_ppl.mixture.covariance.axes import AbstractVariances
from gmm_ppl.mixture.covariance.base import Part
from gmm_ppl.mixture.supports import POSITIVE
from gmm_ppl.types import Array, Float


class TiedSphericalCovariance(AbstractVariances):
    """Σ_k = σ² I, mclust's EII; sensible only where the features share a unit."""

    variance: Float[Array, "..."]
    name: ClassVar[str] = "spherical_tied"
    formula: ClassVar[str] = r"\sigma^2 I"
    parts: ClassVar[tuple[Part, ...]] = (Part("variance", (), POSITIVE),)

    @staticmethod
    def sharing(components: int, features: int) -> int:
        return components * features

    @staticmethod
    def pooled(count: Float[Array, "... K"], scatter: Array) -> tuple[Array, Array]:
        return scatter.shape[-1] * count.sum(axis=-1), scatter.sum(axis=(-2, -1))

    @staticmethod
    def scale_of(scatter: Array) -> Array:
        return scatter.mean(axis=-1)

    @property
    def variance_table(self) -> Float[Array, "... K D"]:
        return self.variance[..., None, None]

    def marginal(self, kept: Array) -> "TiedSphericalCovariance":
        return self

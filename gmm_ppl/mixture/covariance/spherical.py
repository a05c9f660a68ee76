"""Spherical covariances: one variance a component, the same for every feature (mclust's VII)."""

from collections.abc import Mapping
from typing import ClassVar

from gmm_ppl.mixture.covariance.axes import AbstractAxes, deviance_gradient
from gmm_ppl.mixture.covariance.base import Part
from gmm_ppl.mixture.supports import POSITIVE
from gmm_ppl.types import Array, Float


class SphericalCovariance(AbstractAxes):
    """Σ_k = σ²_k I; sensible only where the features share a unit."""

    variances: Float[Array, "..."]
    name: ClassVar[str] = "spherical"
    formula: ClassVar[str] = r"\sigma^2_k I"
    parts: ClassVar[tuple[Part, ...]] = (Part("variances", ("component",), POSITIVE),)

    @staticmethod
    def sharing(components: int, features: int) -> int:
        return features

    @staticmethod
    def scale_of(scatter: Array) -> Array:
        return scatter.mean(axis=-1)

    @property
    def variance_table(self) -> Float[Array, "... K D"]:
        return self.variances[..., None]

    @classmethod
    def fitted(cls, count: Float[Array, "... K"], scatter: Array) -> "SphericalCovariance":
        return cls(scatter.sum(axis=-1) / (scatter.shape[-1] * count))

    def gradient(self, count: Float[Array, "... K"], scatter: Array) -> dict[str, Array]:
        return {"variances": deviance_gradient(self.variances, scatter.shape[-1] * count, scatter.sum(axis=-1))}

    @classmethod
    def from_real(cls, real: Mapping[str, Array]) -> "SphericalCovariance":
        return cls(POSITIVE.from_real(real["variances"]))

    def marginal(self, kept: Array) -> "SphericalCovariance":
        return self

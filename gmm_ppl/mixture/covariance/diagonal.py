"""Diagonal covariances: a variance for each component and feature (mclust's VVI)."""

from typing import ClassVar

from gmm_ppl.mixture.covariance.axes import AbstractVariances
from gmm_ppl.mixture.covariance.base import Part
from gmm_ppl.mixture.supports import POSITIVE
from gmm_ppl.types import Array, Float


class DiagonalCovariance(AbstractVariances):
    """Σ_k = diag(σ²_k1 … σ²_kD)."""

    variances: Float[Array, "..."]
    name: ClassVar[str] = "diagonal"
    formula: ClassVar[str] = r"\operatorname{diag}(\sigma^2_{k1}, \ldots, \sigma^2_{kD})"
    parts: ClassVar[tuple[Part, ...]] = (Part("variances", ("component", "feature"), POSITIVE),)

    @staticmethod
    def sharing(components: int, features: int) -> int:
        return 1

    @staticmethod
    def pooled(count: Float[Array, "... K"], scatter: Array) -> tuple[Array, Array]:
        return count[..., None], scatter

    @staticmethod
    def scale_of(scatter: Array) -> Array:
        return scatter

    @property
    def variance_table(self) -> Float[Array, "... K D"]:
        return self.variances

    def marginal(self, kept: Array) -> "DiagonalCovariance":
        return DiagonalCovariance(self.variances[..., kept])

"""Tied covariances: one unrestricted matrix that all components share (mclust's EEE)."""

from typing import ClassVar

from gmm_ppl.mixture.covariance.base import Part
from gmm_ppl.mixture.covariance.dense import AbstractMatrices, schur_complement
from gmm_ppl.mixture.matrix_supports import POSITIVE_DEFINITE
from gmm_ppl.types import Array, Float


class TiedCovariance(AbstractMatrices):
    """Σ_k = Σ for every component. `root` is L⁻¹ for Σ = L Lᵀ where it is known already."""

    covariance: Float[Array, "..."]
    root: Float[Array, "..."] | None = None
    name: ClassVar[str] = "tied"
    formula: ClassVar[str] = r"\Sigma"
    parts: ClassVar[tuple[Part, ...]] = (Part("covariance", ("feature", "feature_bis"), POSITIVE_DEFINITE),)

    @staticmethod
    def sharing(components: int, features: int) -> int:
        return components

    @staticmethod
    def pooled(count: Float[Array, "... K"], scatter: Array) -> tuple[Array, Array]:
        return count.sum(axis=-1), scatter.sum(axis=-3)

    @property
    def inverse_root(self) -> Float[Array, "... K D D"]:
        return self.own_root[..., None, :, :]

    @property
    def matrices(self) -> Float[Array, "... K D D"]:
        return self.covariance[..., None, :, :]

    def marginal(self, kept: Array) -> "TiedCovariance":
        return TiedCovariance(self.covariance[..., kept[:, None], kept])

    def conditional(self, kept: Array, given: Array) -> tuple["TiedCovariance", Array]:
        covariance, gain = schur_complement(self.covariance, kept, given)
        return TiedCovariance(covariance), gain

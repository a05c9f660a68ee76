"""Tied covariances: one unrestricted matrix that all components share (mclust's EEE)."""

from collections.abc import Mapping
from typing import ClassVar

from gmm_ppl.mixture.covariance.base import Part
from gmm_ppl.mixture.covariance.dense import AbstractDense, schur_complement
from gmm_ppl.mixture.covariance.full import matrix_gradient
from gmm_ppl.mixture.matrix_supports import POSITIVE_DEFINITE
from gmm_ppl.mixture.triangular import inverse_cholesky, inverse_triangle, mirrored, squared
from gmm_ppl.types import Array, Float


class TiedCovariance(AbstractDense):
    """Σ_k = Σ for every component. `root` is L⁻¹ for Σ = L Lᵀ where it is known already."""

    covariance: Float[Array, "..."]
    root: Float[Array, "..."] | None = None
    name: ClassVar[str] = "tied"
    formula: ClassVar[str] = r"\Sigma"
    parts: ClassVar[tuple[Part, ...]] = (Part("covariance", ("feature", "feature_bis"), POSITIVE_DEFINITE),)

    @staticmethod
    def sharing(components: int, features: int) -> int:
        return components

    @property
    def inverse_root(self) -> Float[Array, "... K D D"]:
        return (inverse_cholesky(self.covariance) if self.root is None else self.root)[..., None, :, :]

    @property
    def matrices(self) -> Float[Array, "... K D D"]:
        return self.covariance[..., None, :, :]

    def rooted(self) -> "TiedCovariance":
        return type(self)(self.covariance, self.inverse_root[..., 0, :, :])

    @classmethod
    def fitted(cls, count: Float[Array, "... K"], scatter: Array) -> "TiedCovariance":
        covariance = mirrored(scatter.sum(axis=-3) / count.sum(axis=-1)[..., None, None])
        return cls(covariance, inverse_cholesky(covariance))

    def gradient(self, count: Float[Array, "... K"], scatter: Array) -> dict[str, Array]:
        return {"covariance": matrix_gradient(self.inverse_root[..., 0, :, :], count.sum(axis=-1), scatter.sum(axis=-3))}

    @classmethod
    def from_real(cls, real: Mapping[str, Array]) -> "TiedCovariance":
        factor = POSITIVE_DEFINITE.factor(real["covariance"])
        return cls(squared(factor), inverse_triangle(factor))

    def marginal(self, kept: Array) -> "TiedCovariance":
        return TiedCovariance(self.covariance[..., kept[:, None], kept])

    def conditional(self, kept: Array, given: Array) -> tuple["TiedCovariance", Array]:
        covariance, gain = schur_complement(self.covariance, kept, given)
        return TiedCovariance(covariance), gain

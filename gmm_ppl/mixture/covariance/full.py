"""Full covariances: one unrestricted matrix a component (mclust's VVV)."""

from typing import ClassVar

from gmm_ppl.mixture.covariance.base import Part
from gmm_ppl.mixture.covariance.dense import AbstractMatrices, schur_complement
from gmm_ppl.mixture.matrix_supports import POSITIVE_DEFINITE
from gmm_ppl.types import Array, Float


class FullCovariance(AbstractMatrices):
    """Σ_k symmetric positive definite, one for each component. `root` is L⁻¹ for Σ = L Lᵀ where it is known already."""

    covariances: Float[Array, "..."]
    root: Float[Array, "..."] | None = None
    name: ClassVar[str] = "full"
    formula: ClassVar[str] = r"\Sigma_k"
    parts: ClassVar[tuple[Part, ...]] = (Part("covariances", ("component", "feature", "feature_bis"), POSITIVE_DEFINITE),)

    @staticmethod
    def sharing(components: int, features: int) -> int:
        return 1

    @staticmethod
    def pooled(count: Float[Array, "... K"], scatter: Array) -> tuple[Array, Array]:
        return count, scatter

    @property
    def inverse_root(self) -> Float[Array, "... K D D"]:
        return self.own_root

    @property
    def matrices(self) -> Float[Array, "... K D D"]:
        return self.covariances

    def marginal(self, kept: Array) -> "FullCovariance":
        return FullCovariance(self.covariances[..., kept[:, None], kept])

    def conditional(self, kept: Array, given: Array) -> tuple["FullCovariance", Array]:
        covariance, gain = schur_complement(self.covariances, kept, given)
        return FullCovariance(covariance), gain

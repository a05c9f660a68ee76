"""Full covariances: one unrestricted matrix a component (mclust's VVV)."""

from collections.abc import Mapping
from typing import ClassVar

from gmm_ppl.mixture.covariance.base import Part
from gmm_ppl.mixture.covariance.dense import AbstractDense, factor_gradient, schur_complement
from gmm_ppl.mixture.matrix_supports import POSITIVE_DEFINITE
from gmm_ppl.mixture.triangular import below_diagonal, diagonal, inverse_cholesky, inverse_triangle, mirrored, squared
from gmm_ppl.namespace import namespace
from gmm_ppl.types import Array, Float


class FullCovariance(AbstractDense):
    """Σ_k symmetric positive definite, one for each component. `root` is L⁻¹ for Σ = L Lᵀ where it is known already."""

    covariances: Float[Array, "..."]
    root: Float[Array, "..."] | None = None
    name: ClassVar[str] = "full"
    formula: ClassVar[str] = r"\Sigma_k"
    parts: ClassVar[tuple[Part, ...]] = (Part("covariances", ("component", "feature", "feature_bis"), POSITIVE_DEFINITE),)

    @staticmethod
    def sharing(components: int, features: int) -> int:
        return 1

    @property
    def inverse_root(self) -> Float[Array, "... K D D"]:
        return inverse_cholesky(self.covariances) if self.root is None else self.root

    @property
    def matrices(self) -> Float[Array, "... K D D"]:
        return self.covariances

    def rooted(self) -> "FullCovariance":
        return type(self)(self.covariances, self.inverse_root)

    @classmethod
    def fitted(cls, count: Float[Array, "... K"], scatter: Array) -> "FullCovariance":
        covariances = mirrored(scatter / count[..., None, None])
        return cls(covariances, inverse_cholesky(covariances))

    def gradient(self, count: Float[Array, "... K"], scatter: Array) -> dict[str, Array]:
        return {"covariances": matrix_gradient(self.inverse_root, count, scatter)}

    @classmethod
    def from_real(cls, real: Mapping[str, Array]) -> "FullCovariance":
        factor = POSITIVE_DEFINITE.factor(real["covariances"])
        return cls(squared(factor), inverse_triangle(factor))

    def marginal(self, kept: Array) -> "FullCovariance":
        return FullCovariance(self.covariances[..., kept[:, None], kept])

    def conditional(self, kept: Array, given: Array) -> tuple["FullCovariance", Array]:
        covariance, gain = schur_complement(self.covariances, kept, given)
        return FullCovariance(covariance), gain


def matrix_gradient(inverse_root: Float[Array, "... D D"], count: Array, scatter: Array) -> Float[Array, "... T"]:
    """∂/∂u of −½ (n log |Σ| + tr(W Σ⁻¹)) in the coordinates of a `PositiveDefinite` matrix."""
    slope = factor_gradient(inverse_root, count, scatter)
    # The diagonal has logarithms for coordinates: ∂/∂log L_dd = L_dd ∂/∂L_dd.
    on = diagonal(slope) / diagonal(inverse_root)
    return namespace(slope).concatenate([below_diagonal(slope), on], axis=-1)

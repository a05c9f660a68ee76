"""Full covariances: one unrestricted matrix a component (mclust's VVV)."""

from typing import ClassVar

import jax.numpy as jnp

from gmm_ppl.mixture.covariance.matrices import AbstractMatrixCovariance
from gmm_ppl.types import Array, Float


class FullCovariance(AbstractMatrixCovariance):
    """Σ_k symmetric positive definite, one for each component."""

    values: Float[Array, "..."]
    root: Float[Array, "..."] | None = None
    name: ClassVar[str] = "full"
    site: ClassVar[str] = "covariances"
    dims: ClassVar[tuple[str, ...]] = ("component", "feature", "feature_bis")
    formula: ClassVar[str] = r"\Sigma_k"

    @staticmethod
    def value_shape(components: int, features: int) -> tuple[int, ...]:
        return (components, features, features)

    @staticmethod
    def pool(per_component: Array) -> Array:
        return per_component

    def dense(self, components: int, features: int) -> Float[Array, "K D D"]:
        return self.values

    def marginal(self, kept: Array) -> "FullCovariance":
        return FullCovariance(self.values[:, kept[:, None], kept])

    def conditional(self, kept: Array, given: Array) -> tuple["FullCovariance", Array]:
        covariance, gain = schur_complement(self.values, kept, given)
        return FullCovariance(covariance), gain


def schur_complement(matrices: Float[Array, "... D D"], kept: Array, given: Array) -> tuple[Array, Array]:
    """Σ_kk − Σ_kg Σ_gg⁻¹ Σ_gk and the gain Σ_kg Σ_gg⁻¹."""
    cross = matrices[..., kept[:, None], given]
    gain = jnp.swapaxes(jnp.linalg.solve(matrices[..., given[:, None], given], jnp.swapaxes(cross, -1, -2)), -1, -2)
    complement = matrices[..., kept[:, None], kept] - gain @ jnp.swapaxes(cross, -1, -2)
    return (complement + jnp.swapaxes(complement, -1, -2)) / 2, gain

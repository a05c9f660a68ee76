"""Full covariances: one unrestricted matrix a component (mclust's VVV)."""

from typing import ClassVar

import jax.numpy as jnp

from gmm_ppl.mixture.covariance.base import AbstractCovariance
from gmm_ppl.mixture.covariance.triangular import inverse_cholesky, log_determinant
from gmm_ppl.types import Array, Float


class FullCovariance(AbstractCovariance):
    """Σ_k symmetric positive definite, one for each component."""

    values: Float[Array, "..."]
    name: ClassVar[str] = "full"
    site: ClassVar[str] = "covariances"
    dims: ClassVar[tuple[str, ...]] = ("component", "feature", "feature_bis")
    matrix: ClassVar[bool] = True
    formula: ClassVar[str] = r"\Sigma_k"

    @staticmethod
    def value_shape(components: int, features: int) -> tuple[int, ...]:
        return (components, features, features)

    @staticmethod
    def pool(per_component: Array) -> Array:
        return per_component

    def whiten(self, residuals: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return jnp.einsum("kde,...ke->...kd", inverse_cholesky(self.values), residuals)

    def colour(self, noise: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return jnp.einsum("kde,...ke->...kd", jnp.linalg.cholesky(self.values), noise)

    def log_determinant(self, features: int) -> Array:
        return log_determinant(self.values)

    def trace_precision(self, second: Array) -> Float[Array, " K"]:
        root = inverse_cholesky(self.values)
        return jnp.einsum("kde,kef,kdf->k", root, second, root)

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

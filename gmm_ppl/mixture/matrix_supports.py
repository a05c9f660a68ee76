"""Where covariance matrices, and matrices of shapes, may lie: the supports of `supports` whose values are matrices."""

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.supports import UNIT_PRODUCT, Support
from gmm_ppl.mixture.triangular import below_diagonal, cholesky, diagonal, squared, triangle
from gmm_ppl.namespace import namespace
from gmm_ppl.types import Array, Float

__all__ = ["POSITIVE_DEFINITE", "UNIT_DETERMINANT"]


class PositiveDefinite(Support):
    """Symmetric positive definite matrices Σ = L Lᵀ: the strict lower triangle of L row by row, then the logarithms of its
    diagonal (Pinheiro & Bates 1996, doi:10.1007/BF00140873). Lebesgue measure on the lower triangle of Σ.
    """

    axes = 2

    def count(self, size: int) -> int:
        return size * (size + 1) // 2

    def to_real(self, value: Float[Array, "... D D"]) -> Float[Array, "... T"]:
        xp, factor = namespace(value), cholesky(value)
        return xp.concatenate([below_diagonal(factor), xp.log(diagonal(factor))], axis=-1)

    def from_real(self, real: Float[Array, "... T"]) -> Float[Array, "... D D"]:
        return squared(self.factor(real))

    def factor(self, real: Float[Array, "... T"]) -> Float[Array, "... D D"]:
        """L."""
        size = self.size(real)
        return triangle(real[..., :-size], namespace(real).exp(real[..., -size:]))

    def size(self, real: Float[Array, "... T"]) -> int:
        """D of D (D + 1) / 2 coordinates."""
        return int((8 * real.shape[-1] + 1) ** 0.5 - 1) // 2

    def log_jacobian(self, real: Float[Array, "... T"]) -> Array:
        """D log 2 + Σ_d (D − d + 2) log L_dd, counted from d = 1."""
        size = self.size(real)
        return (np.log(2) + real[..., -size:] * np.arange(size + 1.0, 1, -1)).sum(axis=-1)

    def check(self, values: np.ndarray, name: str) -> None:
        matrices = values.reshape(-1, *values.shape[-2:])
        for index, each in enumerate(matrices):
            check_matrix(each, f"{name}, matrix {index}," if len(matrices) > 1 else name)


class UnitDeterminant(Support):
    """Symmetric positive definite matrices C = L Lᵀ with determinant one: the strict lower triangle of L, then its diagonal
    as a `UnitProduct`. The measure is the one that congruences C → B C Bᵀ with |B| = ±1 leave as it is.

    That measure times d log λ is |Σ|^{−(D+1)/2} dΣ on Σ = λ C (Muirhead 1982, doi:10.1002/9780470316559, §2.1).
    """

    axes = 2

    def count(self, size: int) -> int:
        return size * (size + 1) // 2 - 1

    def to_real(self, value: Float[Array, "... D D"]) -> Float[Array, "... F"]:
        xp, factor = namespace(value), cholesky(value)
        return xp.concatenate([below_diagonal(factor), UNIT_PRODUCT.to_real(diagonal(factor))], axis=-1)

    def from_real(self, real: Float[Array, "... F"]) -> Float[Array, "... D D"]:
        return squared(self.factor(real))

    def factor(self, real: Float[Array, "... F"]) -> Float[Array, "... D D"]:
        """L."""
        below = real.shape[-1] + 1 - self.size(real)
        return triangle(real[..., :below], UNIT_PRODUCT.from_real(real[..., below:]))

    def size(self, real: Float[Array, "... F"]) -> int:
        """D of D (D + 1) / 2 − 1 coordinates."""
        return int((8 * (real.shape[-1] + 1) + 1) ** 0.5 - 1) // 2

    def log_jacobian(self, real: Float[Array, "... F"]) -> Array:
        """−Σ_d (d − 1) log L_dd, counted from d = 1."""
        size, xp = self.size(real), namespace(real)
        logarithms = xp.log(diagonal(self.factor(real)))
        return -(logarithms * np.arange(size)).sum(axis=-1)

    def check(self, values: np.ndarray, name: str) -> None:
        POSITIVE_DEFINITE.check(values, name)
        scale = np.sqrt(diagonal(values))
        # Of the correlations: what features have for units costs no digits; what they share does.
        roots = np.linalg.eigvalsh(values / scale[..., None] / scale[..., None, :])
        logarithm = 2 * np.log(scale).sum(axis=-1) + np.log(roots).sum(axis=-1)
        if (np.abs(logarithm) > 1e-8 + 100 * np.finfo(float).eps / roots[..., 0]).any():
            raise InputError(f"{name} must have determinant one; given {values.tolist()}.")


POSITIVE_DEFINITE, UNIT_DETERMINANT = PositiveDefinite(), UnitDeterminant()


def check_matrix(matrix: np.ndarray, name: str) -> None:
    """Refuse a matrix that is not symmetric positive definite, whatever the units of its rows."""
    scale = np.sqrt(np.abs(np.diagonal(matrix)))
    tolerance = 1e-8 * scale[:, None] * scale
    if (np.abs(matrix - matrix.T) > tolerance).any():
        raise InputError(f"{name} must be symmetric; given {matrix.tolist()}.")
    correlation = matrix / np.where(scale > 0, scale, 1)[:, None] / np.where(scale > 0, scale, 1)
    if (np.diagonal(matrix) <= 0).any() or np.linalg.eigvalsh(correlation)[0] <= 0:
        raise InputError(f"{name} must be positive definite; given {matrix.tolist()}.")

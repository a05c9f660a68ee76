"""What families with correlations share: whatever they are made of, densities read L⁻¹ of Σ = L Lᵀ."""

import functools
import operator
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np

from gmm_ppl.mixture.covariance.base import AbstractCovariance
from gmm_ppl.mixture.matrix_supports import POSITIVE_DEFINITE
from gmm_ppl.mixture.moments import OUTER, Moment
from gmm_ppl.mixture.triangular import (
    WRITTEN_OUT,
    applied,
    below_diagonal,
    cholesky,
    diagonal,
    inverse_cholesky,
    inverse_triangle,
    mirrored,
    squared,
    traced,
)
from gmm_ppl.namespace import namespace
from gmm_ppl.types import Array, Float


class AbstractDense(AbstractCovariance):
    """Covariances with matrices for each component, or one for all."""

    moment: ClassVar[Moment] = OUTER

    @property
    @abstractmethod
    def inverse_root(self) -> Float[Array, "... K D D"]:
        """L⁻¹; an axis of length one for components that share it."""

    @property
    @abstractmethod
    def matrices(self) -> Float[Array, "... K D D"]:
        """Σ_k; an axis of length one for components that share it."""

    @staticmethod
    def scale_of(scatter: Array) -> Array:
        return scatter

    def precision(self) -> Array:
        root = self.inverse_root
        return root.swapaxes(-1, -2) @ root

    def whiten(self, residuals: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return applied(self.inverse_root, residuals)

    def distances(self, residuals: Float[Array, "... K D B"]) -> Float[Array, "... K B"]:
        root, features = self.inverse_root, residuals.shape[-2]
        if features > WRITTEN_OUT:
            return ((root @ residuals) ** 2).sum(axis=-2)
        entries = root[..., None]
        whitened = (sum(entries[..., d, e, :] * residuals[..., e, :] for e in range(d + 1)) for d in range(features))
        return functools.reduce(operator.add, (each**2 for each in whitened))

    def colour(self, noise: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return applied(cholesky(self.matrices), noise)

    def log_determinant(self, features: int) -> Array:
        # From the factor, which neither overflows nor underflows where the determinant itself would.
        root = self.inverse_root
        xp = namespace(root)
        return -2 * xp.log(diagonal(root)).sum(axis=-1)

    def trace_precision(self, second: Array) -> Float[Array, "... K"]:
        return traced(self.inverse_root, second)

    def condition(self) -> Array:
        return self.trace_precision(self.moment.from_diagonal(diagonal(self.matrices)))

    def dense(self, components: int, features: int) -> Float[Array, "... K D D"]:
        return self.matrices * np.ones((components, 1, 1), dtype=self.matrices.dtype)


class AbstractMatrices(AbstractDense):
    """Covariances whose only part are their matrices; a record with `root`, L⁻¹ of each where it is known already."""

    @property
    def own_root(self) -> Float[Array, "... D D"]:
        """L⁻¹ of the part's matrices."""
        known = getattr(self, "root", None)
        return inverse_cholesky(getattr(self, self.parts[0].name)) if known is None else known

    def rooted(self) -> AbstractCovariance:
        return replace(self, root=self.own_root)

    @classmethod
    def fitted(cls, count: Float[Array, "... K"], scatter: Array) -> AbstractCovariance:
        total, pooled = cls.pooled(count, scatter)
        matrices = mirrored(pooled / total[..., None, None])
        return cls(**{cls.parts[0].name: matrices, "root": inverse_cholesky(matrices)})

    def gradient(self, count: Float[Array, "... K"], scatter: Array) -> dict[str, Array]:
        return {self.parts[0].name: matrix_gradient(self.own_root, *self.pooled(count, scatter))}

    @classmethod
    def from_real(cls, real: Mapping[str, Array]) -> AbstractCovariance:
        name = cls.parts[0].name
        factor = POSITIVE_DEFINITE.factor(real[name])
        return cls(**{name: squared(factor), "root": inverse_triangle(factor)})


def schur_complement(matrices: Float[Array, "... D D"], kept: Array, given: Array) -> tuple[Array, Array]:
    """Σ_kk − Σ_kg Σ_gg⁻¹ Σ_gk and the gain Σ_kg Σ_gg⁻¹."""
    xp = namespace(matrices)
    cross = matrices[..., kept[:, None], given]
    gain = xp.linalg.solve(matrices[..., given[:, None], given], cross.swapaxes(-1, -2)).swapaxes(-1, -2)
    complement = matrices[..., kept[:, None], kept] - gain @ cross.swapaxes(-1, -2)
    return (complement + complement.swapaxes(-1, -2)) / 2, gain


def factor_gradient(inverse_root: Float[Array, "... D D"], count: Array, scatter: Array) -> Float[Array, "... D D"]:
    """∂/∂L of −½ (n log |L Lᵀ| + tr(W (L Lᵀ)⁻¹)), on the lower triangle: that of L⁻ᵀ (L⁻¹ W L⁻ᵀ − n I)."""
    xp = namespace(inverse_root, scatter)
    transposed = inverse_root.swapaxes(-1, -2)
    inner = inverse_root @ scatter @ transposed - count[..., None, None] * np.eye(scatter.shape[-1])
    return xp.tril(transposed @ inner)


def matrix_gradient(inverse_root: Float[Array, "... D D"], count: Array, scatter: Array) -> Float[Array, "... T"]:
    """∂/∂u of −½ (n log |Σ| + tr(W Σ⁻¹)) in the coordinates of a `PositiveDefinite` matrix."""
    slope = factor_gradient(inverse_root, count, scatter)
    # The diagonal has logarithms for coordinates: ∂/∂log L_dd = L_dd ∂/∂L_dd.
    on = diagonal(slope) / diagonal(inverse_root)
    return namespace(slope).concatenate([below_diagonal(slope), on], axis=-1)

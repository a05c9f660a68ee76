"""What families of matrices share: whatever is one for each component, or one for all, is whitened by the same arithmetic."""

import functools
import operator
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp

from gmm_ppl.mixture.covariance.base import AbstractCovariance
from gmm_ppl.mixture.covariance.triangular import WRITTEN_OUT, applied, diagonal, inverse_cholesky, traced
from gmm_ppl.types import Array, Float


class AbstractMatrixCovariance(AbstractCovariance):
    """Σ (…, D, D). `root` is L⁻¹ for Σ = L Lᵀ where it is known already, else None."""

    values: eqx.AbstractVar[Array]
    root: eqx.AbstractVar[Array | None]
    matrix: ClassVar[bool] = True

    @property
    def inverse_root(self) -> Float[Array, "... D D"]:
        """L⁻¹."""
        return inverse_cholesky(self.values) if self.root is None else self.root

    def rooted(self) -> "AbstractCovariance":
        return type(self)(self.values, self.inverse_root)  # pyright: ignore[reportCallIssue]

    def whiten(self, residuals: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return applied(self.inverse_root, residuals)

    def distances(self, residuals: Float[Array, "K D B"]) -> Float[Array, "K B"]:
        root, features = self.inverse_root, residuals.shape[1]
        if features > WRITTEN_OUT:
            return jnp.sum((root @ residuals) ** 2, axis=1)
        entries = root[..., None]
        whitened = (sum(entries[..., d, e, :] * residuals[:, e] for e in range(d + 1)) for d in range(features))
        return functools.reduce(operator.add, (each**2 for each in whitened))

    def colour(self, noise: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return applied(jnp.linalg.cholesky(self.values), noise)

    def log_determinant(self, features: int) -> Array:
        # From the factor, which neither overflows nor underflows where the determinant itself would.
        return -2 * jnp.sum(jnp.log(diagonal(self.inverse_root)), axis=-1)

    def trace_precision(self, second: Array) -> Float[Array, " K"]:
        return traced(self.inverse_root, second)

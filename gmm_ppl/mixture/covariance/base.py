"""The contract of a covariance family: what the density, the M-step, the priors and the samplers ask of it."""

from abc import abstractmethod
from math import prod
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp

from gmm_ppl.types import Array, Float


class AbstractCovariance(eqx.Module):
    """The covariances of all K components of a mixture, in the fewest numbers that its family needs.

    A family is a class with one array, `values`, and a handful of methods that broadcast over any leading axes of
    their argument. Two structural facts tell the priors and the M-step everything else:

    - `matrix`: `values` ends in a D × D matrix (True) or holds variances (False);
    - `pool`: which entries of a per-component array share one entry of `values`.

    To add a family, write one file with these members and add one line to `gmm_ppl/mixture/covariance/__init__.py`.
    """

    values: eqx.AbstractVar[Array]
    name: ClassVar[str]
    site: ClassVar[str]
    dims: ClassVar[tuple[str, ...]]
    matrix: ClassVar[bool]
    formula: ClassVar[str]

    @staticmethod
    @abstractmethod
    def value_shape(components: int, features: int) -> tuple[int, ...]:
        """Shape of `values` for K components and D features."""

    @staticmethod
    @abstractmethod
    def pool(per_component: Array) -> Array:
        """Sum an array of shape (K, D, D) or (K, 1, 1) (`matrix`), or (K, D), over whatever shares one entry of `values`."""

    def rooted(self) -> "AbstractCovariance":
        """The same covariances, holding whatever of them is asked for again and again."""
        return self

    @abstractmethod
    def whiten(self, residuals: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        """A⁻¹ r for some A with A Aᵀ = Σ_k, so that its squared norm is the Mahalanobis distance."""

    def distances(self, residuals: Float[Array, "K D B"]) -> Float[Array, "K B"]:
        """Squared Mahalanobis distances of residuals, components × features × rows."""
        return jnp.sum(self.whiten(jnp.moveaxis(residuals, -1, 0)) ** 2, axis=-1).T

    @abstractmethod
    def colour(self, noise: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        """A z with A Aᵀ = Σ_k: standard normal noise becomes a residual of component k."""

    @abstractmethod
    def log_determinant(self, features: int) -> Array:
        """Log |Σ_k| in a shape that broadcasts to (K,)."""

    @abstractmethod
    def trace_precision(self, second: Array) -> Float[Array, " K"]:
        """tr(Σ_k⁻¹ S_k) for second moments S of shape (K, D, D) (`matrix`), or their diagonals (K, D)."""

    @abstractmethod
    def dense(self, components: int, features: int) -> Float[Array, "K D D"]:
        """The covariance matrices Σ_k themselves, in squared units of x; NumPy values give NumPy ones, in their own precision."""

    @abstractmethod
    def marginal(self, kept: Array) -> "AbstractCovariance":
        """The covariances of the features `kept` alone."""

    @abstractmethod
    def conditional(self, kept: Array, given: Array) -> tuple["AbstractCovariance", Array]:
        """Covariances of `kept` given `given`, and the gain Σ_kg Σ_gg⁻¹ (broadcasts to (K, kept, given)) of its mean."""


def count_values(family: type[AbstractCovariance], components: int, features: int) -> int:
    """Number of free parameters in the covariances: D(D+1)/2 a matrix, one a variance."""
    shape = family.value_shape(components, features)
    if family.matrix:
        return prod(shape[:-2]) * features * (features + 1) // 2
    return prod(shape)

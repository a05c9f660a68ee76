"""What families without correlations share: whatever they are made of, densities read the deviations of each feature."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from gmm_ppl.mixture.covariance.base import AbstractCovariance
from gmm_ppl.mixture.moments import SQUARES, Moment
from gmm_ppl.namespace import namespace
from gmm_ppl.types import Array, Float


class AbstractAxes(AbstractCovariance):
    """Diagonal covariances."""

    moment: ClassVar[Moment] = SQUARES

    @property
    @abstractmethod
    def variance_table(self) -> Float[Array, "... K D"]:
        """σ²_kd; axes of length one for components or features that share it."""

    @property
    def deviation_table(self) -> Float[Array, "... K D"]:
        """σ_kd; densities divide by it twice, because derivatives by a variance of 10⁻²⁰⁰ divide by its square."""
        return namespace(self.variance_table).sqrt(self.variance_table)

    def rooted(self) -> AbstractCovariance:
        return self

    def precision(self) -> Array:
        deviations = self.deviation_table
        return 1 / deviations / deviations

    def whiten(self, residuals: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return residuals / self.deviation_table

    def distances(self, residuals: Float[Array, "... K D B"]) -> Float[Array, "... K B"]:
        return ((residuals / self.deviation_table[..., None]) ** 2).sum(axis=-2)

    def colour(self, noise: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return noise * self.deviation_table

    def log_determinant(self, features: int) -> Array:
        xp, deviations = namespace(self.variance_table), self.deviation_table
        return 2 * (features // deviations.shape[-1]) * xp.log(deviations).sum(axis=-1)

    def trace_precision(self, second: Array) -> Float[Array, "... K"]:
        return (second / self.deviation_table / self.deviation_table).sum(axis=-1)

    def dense(self, components: int, features: int) -> Float[Array, "... K D D"]:
        variances = self.variance_table
        return variances[..., None] * np.eye(features, dtype=variances.dtype) * np.ones((components, 1, 1), dtype=variances.dtype)

    def conditional(self, kept: Array, given: Array) -> tuple[AbstractCovariance, Array]:
        xp = namespace(self.variance_table)
        return self.marginal(kept), xp.zeros((kept.size, given.size), self.variance_table.dtype)


class AbstractVariances(AbstractAxes):
    """Diagonal covariances whose only part are variances."""

    @classmethod
    def fitted(cls, count: Float[Array, "... K"], scatter: Array) -> AbstractCovariance:
        total, pooled = cls.pooled(count, scatter)
        return cls.from_sites({cls.parts[0].name: pooled / total})

    def gradient(self, count: Float[Array, "... K"], scatter: Array) -> dict[str, Array]:
        name = self.parts[0].name
        return {name: deviance_gradient(getattr(self, name), *self.pooled(count, scatter))}

    @classmethod
    def from_real(cls, real: Mapping[str, Array]) -> AbstractCovariance:
        name = cls.parts[0].name
        return cls.from_sites({name: cls.parts[0].support.from_real(real[name])})


def deviance_gradient(variances: Array, count: Array, scatter: Array) -> Array:
    """∂/∂log σ² of −½ (n log σ² + W / σ²)."""
    return (scatter / variances - count) / 2

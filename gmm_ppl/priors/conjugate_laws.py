"""The conjugate laws of covariance matrices and means, from the factors that the likelihood takes: one for all of them.

NumPyro's own call LAPACK for each matrix and each derivative: for 2 × 2 matrices much of what a gradient costs.
"""

import math
from typing import ClassVar

import jax
import jax.numpy as jnp
from jax.scipy.special import multigammaln
from numpyro import distributions as dist
from numpyro.distributions import constraints
from numpyro.distributions.util import validate_sample

from gmm_ppl.mixture.covariance import AbstractCovariance
from gmm_ppl.mixture.covariance.triangular import diagonal, inverse_cholesky, log_determinant, traced
from gmm_ppl.mixture.density import gaussian
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.types import Array


class InverseWishartLaw(dist.Distribution):
    """Σ ~ InverseWishart(ν, Ψ): log p = ½ ν log |Ψ / 2| − log Γ_D(ν / 2) − ½ (ν + D + 1) log |Σ| − ½ tr(Ψ Σ⁻¹)."""

    arg_constraints: ClassVar[dict] = {"degrees_of_freedom": constraints.positive, "scale": constraints.positive_definite}
    support = constraints.positive_definite  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]
    pytree_data_fields = ("degrees_of_freedom", "scale")

    def __init__(self, degrees_of_freedom: Array, scale: Array, *, validate_args: bool | None = None) -> None:
        self.degrees_of_freedom, self.scale = degrees_of_freedom, scale
        super().__init__((), jnp.shape(scale), validate_args=validate_args)

    def sample(self, key: Array, sample_shape: tuple[int, ...] = ()) -> Array:
        law = dist.InverseWishart(self.degrees_of_freedom, scale_tril=jnp.linalg.cholesky(self.scale))
        return law.sample(key, sample_shape)

    @validate_sample
    def log_prob(self, value: Array, intermediates: object = None) -> Array:
        """Log density of matrices (…, D, D), with respect to Lebesgue measure on their lower triangles."""
        features, degrees = value.shape[-1], self.degrees_of_freedom
        root = inverse_cholesky(value)
        # Of Σ⁻¹ = Rᵀ R: log |Σ| = −2 Σ log R_dd and tr(Ψ Σ⁻¹) = Σ (R Ψ) ∘ R.
        log_diagonal = jnp.sum(jnp.log(diagonal(root)), axis=-1)
        trace = traced(root, self.scale)
        constant = degrees * (log_determinant(self.scale) - features * math.log(2)) / 2 - multigammaln(degrees / 2, features)
        return constant + (degrees + features + 1) * log_diagonal - trace / 2


class MeansLaw(dist.Distribution):
    """μ_k | Σ_k ~ N(m, Σ_k / κ), a batch of K components of whatever family their covariances are."""

    arg_constraints: ClassVar[dict] = {"mean_precision": constraints.positive}
    support = constraints.real_vector  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]

    def __init__(
        self,
        location: Array,
        mean_precision: Array,
        covariance: AbstractCovariance,
        components: int,
        *,
        validate_args: bool | None = None,
    ) -> None:
        """m (D,), κ, Σ of all components, and how many there are."""
        self.location, self.mean_precision, self.covariance = location, mean_precision, covariance
        super().__init__((components,), jnp.shape(location), validate_args=validate_args)

    def sample(self, key: Array, sample_shape: tuple[int, ...] = ()) -> Array:
        noise = jax.random.normal(key, self.shape(sample_shape))
        return self.location + self.covariance.colour(noise) / jnp.sqrt(self.mean_precision)

    @validate_sample
    def log_prob(self, value: Array, intermediates: object = None) -> Array:
        """Log density of each of the means (…, K, D)."""
        distances = self.mean_precision * jnp.sum(self.covariance.whiten(value - self.location) ** 2, axis=-1)
        centred = MixtureParameters(jnp.ones(self.batch_shape), jnp.zeros(self.shape()), self.covariance)
        return gaussian(centred, distances) + value.shape[-1] * jnp.log(self.mean_precision) / 2

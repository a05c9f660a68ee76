"""The laws of weights, covariances and means as NumPyro distributions, for programs; their densities are the priors' own."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from numpyro import distributions as dist
from numpyro.distributions import constraints
from numpyro.distributions.constraints import Constraint
from numpyro.distributions.transforms import AffineTransform
from numpyro.distributions.util import validate_sample
from numpyro.util import is_prng_key

from gmm_ppl.mixture.covariance import AbstractCovariance
from gmm_ppl.mixture.density import gaussian
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.triangular import diagonal, inverse_cholesky, traced
from gmm_ppl.priors.normalisers import inverse_wishart_normaliser
from gmm_ppl.priors.separated import separated_density, weights_density
from gmm_ppl.types import Array


class WeightsLaw(dist.Distribution):
    """Dirichlet(α) with a density at the edge of the simplex too.

    NumPyro's `Dirichlet` makes 0 · (−∞) = NaN of it where EM has emptied a component and its weight is 0.
    """

    arg_constraints: ClassVar[dict] = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]

    def __init__(self, concentration: Array, *, validate_args: bool | None = None) -> None:
        self.concentration = concentration
        super().__init__(jnp.shape(concentration)[:-1], jnp.shape(concentration)[-1:], validate_args=validate_args)

    def sample(self, key: Array, sample_shape: tuple[int, ...] = ()) -> Array:
        return dist.Dirichlet(self.concentration).sample(key, sample_shape)

    @validate_sample
    def log_prob(self, value: Array, intermediates: object = None) -> Array:
        """Log density at weights on the simplex, with respect to Lebesgue measure on all but the last of them."""
        return weights_density(value, self.concentration)


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
        constant = inverse_wishart_normaliser(degrees, self.scale)
        return constant + (degrees + features + 1) * log_diagonal - traced(root, self.scale) / 2


class SeparatedCovariance(dist.Distribution):
    """Law of Σ = diag(σ) R diag(σ) with σ_j ~ HalfNormal(τ_j) and R ~ LKJ(η), as a density on Σ."""

    arg_constraints: ClassVar[dict] = {
        "scale": constraints.independent(constraints.positive, 1),
        "concentration": constraints.positive,
    }
    support = constraints.positive_definite  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]
    pytree_data_fields = ("scale", "concentration")

    def __init__(self, scale: Array, concentration: Array, *, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = scale, concentration
        features = jnp.shape(scale)[-1]
        super().__init__(jnp.shape(scale)[:-1], (features, features), validate_args=validate_args)

    def sample(self, key: Array, sample_shape: tuple[int, ...] = ()) -> Array:
        if not is_prng_key(key):
            raise TypeError(f"sample needs a JAX random key; given {key!r}.")
        for_scale, for_correlation = jax.random.split(key)
        sigma = dist.HalfNormal(self.scale).sample(for_scale, sample_shape)
        if self.event_shape[-1] == 1:
            return sigma[..., None] ** 2
        correlation = dist.LKJ(self.event_shape[-1], self.concentration).sample(for_correlation, sigma.shape[:-1])
        return correlation * (sigma[..., :, None] * sigma[..., None, :])

    @validate_sample
    def log_prob(self, value: Array, intermediates: object = None) -> Array:
        return separated_density(value, self.scale, self.concentration)


def squared_half_normal(scale: Array) -> dist.Distribution:
    """Law of σ² where σ ~ HalfNormal(τ): Gamma(1/2, 1 / (2 τ²))."""
    # In units of τ², because derivatives by a variance of 10⁻²⁰⁰ divide by its square.
    return dist.TransformedDistribution(dist.Gamma(0.5, 0.5), AffineTransform(0.0, scale**2, domain=constraints.positive))


def inverse_gamma(degrees_of_freedom: Array, scale: Array) -> dist.Distribution:
    """InverseGamma(ν/2, ψ/2) of one variance (a scale for each feature, where the family has one)."""
    # In units of the scale, because NumPyro's Jacobian of 1/σ² squares it, which leaves float64 at 10⁻⁷⁷ and 10⁷⁷.
    unit = dist.InverseGamma(degrees_of_freedom / 2, 0.5)
    return dist.TransformedDistribution(unit, AffineTransform(0.0, scale, domain=constraints.positive))


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


class PartLaw(dist.Distribution):
    """A part of covariances whose law stands elsewhere in the program: density one, and a draw that was made of all parts."""

    pytree_data_fields = ("drawn",)
    pytree_aux_fields = ("held",)

    def __init__(self, support: Constraint, shape: tuple[int, ...], drawn: Array) -> None:
        self.held, self.drawn = support, drawn
        super().__init__((), shape, validate_args=False)

    @property
    def support(self) -> Constraint:
        """Where the part may lie."""
        return self.held

    def sample(self, key: Array, sample_shape: tuple[int, ...] = ()) -> Array:
        return jnp.broadcast_to(self.drawn, (*sample_shape, *self.event_shape))

    def log_prob(self, value: Array, intermediates: object = None) -> Array:
        return jnp.zeros(jnp.shape(value)[: jnp.ndim(value) - len(self.event_shape)])

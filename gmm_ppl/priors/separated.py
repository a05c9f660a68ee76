"""Independent normal means, LKJ correlations and half-normal standard deviations."""

import math
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
from numpyro import distributions as dist
from numpyro.distributions import constraints
from numpyro.distributions.transforms import AffineTransform
from numpyro.distributions.util import validate_sample
from numpyro.util import is_prng_key

from gmm_ppl.mixture.covariance.triangular import diagonal, log_determinant
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.priors.base import AbstractPrior, Supports, direct_supports, event_dims
from gmm_ppl.priors.latex import show_number, show_value
from gmm_ppl.priors.weights import WeightsLaw
from gmm_ppl.types import Array, Float


class SeparatedPrior(AbstractPrior):
    """weights ~ Dirichlet(α);  μ_kj ~ N(m_j, s_j²);  Σ_k = diag(σ) R diag(σ), R ~ LKJ(η), σ_j ~ HalfNormal(τ_j).

    The separation strategy (Barnard, McCulloch & Meng 2000; Lewandowski, Kurowicka & Joe 2009,
    doi:10.1016/j.jmva.2009.04.008). It is sampled, and its density stated, on Σ itself, so that a MAP has the same
    coordinates as under every other prior; families of variances have no R.
    """

    concentration: Float[Array, " K"]
    mean: Float[Array, " D"]
    mean_scale: Float[Array, " D"]
    correlation_concentration: Float[Array, ""]
    scale: Array
    kind: ClassVar[str] = "separated"
    proper: ClassVar[bool] = True

    def sample_parameters(self, shape: MixtureShape) -> MixtureParameters:
        family = shape.family
        weights = numpyro.sample("weights", WeightsLaw(self.concentration), infer=event_dims("component"))
        law = dist.Normal(self.mean, self.mean_scale).expand((shape.components, shape.features)).to_event(2)
        means = numpyro.sample("means", law, infer=event_dims("component", "feature"))
        batch = family.value_shape(shape.components, shape.features)[: -2 if family.matrix else None]
        each = self.matrix_law() if family.matrix else squared_half_normal(self.scale)
        values = numpyro.sample(family.site, each.expand(batch).to_event(len(batch)), infer=event_dims(*family.dims))
        return MixtureParameters(weights, means, family(values))

    def matrix_law(self) -> dist.Distribution:
        """Law of one covariance matrix."""
        return SeparatedCovariance(self.scale, self.correlation_concentration)

    def supports(self, shape: MixtureShape) -> Supports:
        return direct_supports(shape)

    def bounded(self) -> bool:
        return bool((self.concentration >= 1).all())

    def numbers(self) -> dict[str, object]:
        return {name: np.asarray(getattr(self, name)).tolist() for name in NUMBERS}

    def formulae(self, shape: MixtureShape) -> tuple[str, ...]:
        lines = (
            rf"\pi \sim \operatorname{{Dirichlet}}{show_value(self.concentration)}",
            rf"\mu_k \sim \mathcal N\left({show_value(self.mean)},\; \operatorname{{diag}}{show_value(self.mean_scale)}^2\right)",
            rf"\sigma \sim \operatorname{{HalfNormal}}{show_value(self.scale)}",
        )
        if not shape.family.matrix:
            return lines
        eta = show_number(float(self.correlation_concentration))
        name = shape.family.formula
        return (
            *lines,
            rf"{name} = \operatorname{{diag}}(\sigma) R \operatorname{{diag}}(\sigma), \quad R \sim \operatorname{{LKJ}}({eta})",
        )


NUMBERS = ("concentration", "mean", "mean_scale", "correlation_concentration", "scale")


def squared_half_normal(scale: Array) -> dist.Distribution:
    """Law of σ² where σ ~ HalfNormal(τ): Gamma(1/2, 1 / (2 τ²))."""
    # In units of τ², because derivatives by a variance of 10⁻²⁰⁰ divide by its square.
    return dist.TransformedDistribution(dist.Gamma(0.5, 0.5), AffineTransform(0.0, scale**2, domain=constraints.positive))


class SeparatedCovariance(dist.Distribution):
    """Law of Σ = diag(σ) R diag(σ) with σ_j ~ HalfNormal(τ_j) and R ~ LKJ(η), as a density on Σ.

    log p(Σ) = log p(R) + Σ_j (log p(σ_j) − D log σ_j) − D log 2, since dΣ = 2^D Π_j σ_j^D dσ dR.
    """

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
        features = value.shape[-1]
        sigma = jnp.sqrt(diagonal(value))
        marginal = dist.HalfNormal(self.scale).log_prob(sigma) - features * jnp.log(sigma)
        total = jnp.sum(marginal, axis=-1) - features * math.log(2)
        if features == 1:
            return total
        # LKJ's density on R, not LKJCholesky's: its exponent of |R| is η − 1 whatever D is. |R| from |Σ|, because
        # derivatives of R itself divide by squares of variances.
        log_correlation = log_determinant(value) - 2 * jnp.sum(jnp.log(sigma), axis=-1)
        return total + (self.concentration - 1) * log_correlation - self.log_normaliser()

    def log_normaliser(self) -> Array:
        """Log ∫ |R|^(η − 1) dR, read off NumPyro's LKJ at the identity, where |R| = 1."""
        features = self.event_shape[-1]
        identity = jnp.eye(features, dtype=jnp.result_type(float))
        return -dist.LKJ(features, self.concentration).log_prob(identity)

"""Dirichlet weights with normal–inverse-Wishart components, and its tied, diagonal and spherical analogues."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np
import numpyro
from numpyro import distributions as dist
from numpyro.distributions import constraints
from numpyro.distributions.transforms import AffineTransform

from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.statistics import Statistics, expand, mirrored, square
from gmm_ppl.priors.base import AbstractConjugatePrior, Supports, direct_supports, event_dims
from gmm_ppl.priors.conjugate_laws import InverseWishartLaw, MeansLaw
from gmm_ppl.priors.latex import show_number, show_value
from gmm_ppl.priors.weights import WeightsLaw
from gmm_ppl.types import Array, Float


class ConjugatePrior(AbstractConjugatePrior):
    """weights ~ Dirichlet(α);  Σ ~ InverseWishart(ν, Ψ)  or  σ² ~ InverseGamma(ν/2, ψ/2);  μ_k | Σ_k ~ N(m, Σ_k / κ).

    One Σ or σ² for each entry that the family has: K matrices (full), one (tied), K·D variances (diagonal), K
    (spherical). The tied prior thus uses one Σ in the law of every mean. (Gelman et al., Bayesian Data Analysis, 3rd
    ed., §3.6; Fraley & Raftery 2007, doi:10.1007/s00357-007-0004-5, for the mixtures.)
    """

    concentration: Float[Array, " K"]
    mean: Float[Array, " D"]
    mean_precision: Float[Array, ""]
    degrees_of_freedom: Float[Array, ""]
    scale: Array
    kind: ClassVar[str] = "conjugate"
    proper: ClassVar[bool] = True

    def sample_parameters(self, shape: MixtureShape) -> MixtureParameters:
        family = shape.family
        weights = numpyro.sample("weights", WeightsLaw(self.concentration), infer=event_dims("component"))
        law = self.matrix_law() if family.matrix else self.variance_law(shape)
        batch = family.value_shape(shape.components, shape.features)[: -2 if family.matrix else None]
        law = law.expand(batch).to_event(len(batch))
        covariance = family(numpyro.sample(family.site, law, infer=event_dims(*family.dims)))
        law_of_means = MeansLaw(self.mean, self.mean_precision, covariance, shape.components).to_event(1)
        means = numpyro.sample("means", law_of_means, infer=event_dims("component", "feature"))
        return MixtureParameters(weights, means, covariance)

    def matrix_law(self) -> dist.Distribution:
        """Inverse-Wishart law of one covariance matrix."""
        return InverseWishartLaw(self.degrees_of_freedom, self.scale)

    def variance_law(self, shape: MixtureShape) -> dist.Distribution:
        """Inverse-gamma law of one variance (a scale for each feature, where the family has one)."""
        # In units of the scale, because NumPyro's Jacobian of 1/σ² squares it, which leaves float64 at 10⁻⁷⁷ and 10⁷⁷.
        unit = dist.InverseGamma(self.degrees_of_freedom / 2, 0.5)
        return dist.TransformedDistribution(unit, AffineTransform(0.0, self.scale, domain=constraints.positive))

    def supports(self, shape: MixtureShape) -> Supports:
        return direct_supports(shape)

    def maximise(self, statistics: Statistics, shape: MixtureShape) -> MixtureParameters:
        return maximise(
            statistics, shape, self.concentration, self.mean, self.mean_precision, self.degrees_of_freedom, self.scale
        )

    def bounded(self) -> bool:
        return bool((self.concentration >= 1).all())

    def numbers(self) -> dict[str, object]:
        return {name: np.asarray(getattr(self, name)).tolist() for name in NUMBERS}

    def formulae(self, shape: MixtureShape) -> tuple[str, ...]:
        value, degrees, scale = shape.family.formula, float(self.degrees_of_freedom), self.scale
        if shape.family.matrix:
            law = rf"{value} \sim \operatorname{{InverseWishart}}(\nu = {show_number(degrees)},\; \Psi = {show_value(scale)})"
        else:
            law = (
                r"\sigma^2 \sim \operatorname{InverseGamma}"
                rf"\left({show_number(degrees / 2)},\; \tfrac12 \cdot {show_value(scale)}\right)"
            )
        return (
            rf"\pi \sim \operatorname{{Dirichlet}}{show_value(self.concentration)}",
            law,
            rf"\mu_k \mid \Sigma_k \sim \mathcal N\left(m = {show_value(self.mean)},\; "
            rf"\Sigma_k / \kappa,\; \kappa = {show_number(float(self.mean_precision))}\right)",
        )


NUMBERS = ("concentration", "mean", "mean_precision", "degrees_of_freedom", "scale")


def maximise(
    statistics: Statistics,
    shape: MixtureShape,
    concentration: Array,
    mean: Array,
    mean_precision: Array,
    degrees_of_freedom: Array,
    scale: Array,
) -> MixtureParameters:
    """The M-step: (data scatter + prior scatter) / (data count + prior count), for every family.

    Weights (n_k + α_k − 1) / Σ; means (n x̄ + κ m) / (n + κ); then with S the scatter about x̄ plus
    κ n / (κ + n) (x̄ − m)(x̄ − m)ᵀ, pooled over whatever shares one value:
    matrices (Ψ + S) / (n + ν + D + 1 + means pooled), variances (ψ + S) / (n + ν + 2 + means pooled).
    With α = 1, κ = 0, Ψ = 0 and ν cancelling the constants this is maximum likelihood. A component with α = 0 is absent: its
    weight is 0, and it counts for nothing that is pooled.
    """
    present = concentration > 0
    count, sample_means = statistics.count, statistics.means
    total = count + mean_precision
    shrinkage = mean_precision / jnp.where(total > 0, total, 1)
    distance = square(sample_means - mean, matrix=shape.family.matrix)
    scatter = statistics.scatter + expand(count * shrinkage, distance.ndim) * distance
    weights = jnp.where(present, count + concentration - 1, 0)
    values = (scale + shape.family.pool(scatter)) / prior_and_data_count(count, degrees_of_freedom, shape, present)
    return MixtureParameters(
        weights / jnp.sum(weights),
        sample_means + shrinkage[:, None] * (mean - sample_means),
        shape.family(mirrored(values) if shape.family.matrix else values),
    )


def prior_and_data_count(count: Float[Array, " K"], degrees_of_freedom: Array, shape: MixtureShape, present: Array) -> Array:
    """The M-step's denominator: rows, prior degrees of freedom, and one for each present mean whose law holds the value."""
    if shape.family.matrix:
        ones = jnp.ones((shape.components, 1, 1))
        constant = shape.features + 1
    else:
        ones = jnp.ones((shape.components, shape.features))
        constant = 2
    rows, means = (shape.family.pool(ones * expand(each, ones.ndim)) for each in (count, present))
    return rows + degrees_of_freedom + constant + means

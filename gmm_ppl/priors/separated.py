"""Independent normal means, LKJ correlations and half-normal standard deviations."""

import math
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np

from gmm_ppl.mixture.density import log_weights, normal
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.triangular import diagonal, log_determinant
from gmm_ppl.namespace import namespace
from gmm_ppl.priors.base import AbstractDirectPrior
from gmm_ppl.priors.kernel import AbstractKernel
from gmm_ppl.priors.latex import show_number, show_value
from gmm_ppl.priors.normalisers import dirichlet_normaliser, lkj_normaliser
from gmm_ppl.types import Array, Float


class SeparatedPrior(AbstractDirectPrior):
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
        from gmm_ppl.priors.programs import separated_program

        return separated_program(self, shape)

    def log_density_at(self, parameters: MixtureParameters) -> Float[Array, "..."]:
        xp = namespace(parameters.weights, self.mean)
        means = normal(parameters.means, self.mean, self.mean_scale)
        return (
            weights_density(parameters.weights, self.concentration)
            + xp.sum(means, axis=(-2, -1))
            + self.covariance_density(parameters)
        )

    def kernel(self, shape: MixtureShape) -> AbstractKernel:
        from gmm_ppl.priors.separated_posterior import SeparatedKernel

        return SeparatedKernel(self)

    def covariance_density(self, parameters: MixtureParameters) -> Float[Array, "..."]:
        """Of every matrix, or every variance, that the family has."""
        covariance, xp = parameters.covariance, namespace(parameters.weights, self.scale)
        (part,) = covariance.parts
        values = getattr(covariance, part.name)
        each = (
            separated_density(values, self.scale, self.correlation_concentration)
            if part.support.axes
            else squared_half_normal_density(values, self.scale)
        )
        batch = values.ndim - len(part.dims)
        return xp.sum(each, axis=tuple(range(batch, each.ndim)))

    def bounded(self) -> bool:
        return bool((self.concentration >= 1).all())

    def with_mode(self) -> Self:
        return replace(self, concentration=np.maximum(self.concentration, 1))

    def numbers(self) -> dict[str, object]:
        return {name: np.asarray(getattr(self, name)).tolist() for name in NUMBERS}

    def formulae(self, shape: MixtureShape) -> tuple[str, ...]:
        lines = (
            rf"\pi \sim \operatorname{{Dirichlet}}{show_value(self.concentration)}",
            rf"\mu_k \sim \mathcal N\left({show_value(self.mean)},\; \operatorname{{diag}}{show_value(self.mean_scale)}^2\right)",
            rf"\sigma \sim \operatorname{{HalfNormal}}{show_value(self.scale)}",
        )
        if not shape.family.parts[0].support.axes:
            return lines
        eta = show_number(float(self.correlation_concentration))
        name = shape.family.formula
        return (
            *lines,
            rf"{name} = \operatorname{{diag}}(\sigma) R \operatorname{{diag}}(\sigma), \quad R \sim \operatorname{{LKJ}}({eta})",
        )

    def shifted(self, offset: Float[Array, " D"]) -> Self:
        return replace(self, mean=self.mean - offset)


NUMBERS = ("concentration", "mean", "mean_scale", "correlation_concentration", "scale")


def weights_density(weights: Float[Array, "... K"], concentration: Float[Array, " K"]) -> Float[Array, "..."]:
    """Dirichlet(α) with a density at the edge of the simplex too, where α_k = 1 leaves its term out."""
    xp, power = namespace(weights, concentration), concentration - 1
    return dirichlet_normaliser(concentration) + xp.sum(power * log_weights(xp.where(power == 0, 1, weights)), axis=-1)


def half_normal_density(values: Array, scale: Array) -> Array:
    """Log density of the size of N(0, scale²)."""
    return math.log(2) + normal(values, 0.0, scale)


def squared_half_normal_density(variances: Array, scale: Array) -> Array:
    """Log density of σ² where σ ~ HalfNormal(τ)."""
    xp = namespace(variances, scale)
    deviations = xp.sqrt(variances)
    return half_normal_density(deviations, scale) - xp.log(2 * deviations)


def separated_density(matrices: Float[Array, "... D D"], scale: Float[Array, " D"], concentration: Array) -> Array:
    """Log density of Σ = diag(σ) R diag(σ), with respect to Lebesgue measure on its lower triangle.

    log p(Σ) = log p(R) + Σ_j (log p(σ_j) − D log σ_j) − D log 2, since dΣ = 2^D Π_j σ_j^D dσ dR.
    """
    xp, features = namespace(matrices, scale), matrices.shape[-1]
    sigma = xp.sqrt(diagonal(matrices))
    marginal = half_normal_density(sigma, scale) - features * xp.log(sigma)
    total = xp.sum(marginal, axis=-1) - features * math.log(2)
    if features == 1:
        return total
    # LKJ's density on R, not LKJCholesky's: its exponent of |R| is η − 1 whatever D is. |R| from |Σ|, because
    # derivatives of R itself divide by squares of variances.
    log_correlation = log_determinant(matrices) - 2 * xp.sum(xp.log(sigma), axis=-1)
    return total + (concentration - 1) * log_correlation - lkj_normaliser(concentration, features)

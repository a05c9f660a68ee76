"""Constants of the laws of weights, means and covariances: what makes each density integrate to one."""

import math

from gmm_ppl.mixture.density import normal_constant
from gmm_ppl.mixture.moments import OUTER
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.mixture.triangular import log_determinant
from gmm_ppl.namespace import log_gamma, namespace
from gmm_ppl.types import Array, Float


def dirichlet_normaliser(concentration: Float[Array, "... K"]) -> Float[Array, "..."]:
    """log Γ(Σ_k α_k) − Σ_k log Γ(α_k)."""
    return log_gamma(concentration.sum(axis=-1)) - log_gamma(concentration).sum(axis=-1)


def means_normaliser(mean_precision: Float[Array, ""], shape: MixtureShape) -> Float[Array, ""]:
    """Of K laws N(m, Σ_k / κ), |Σ_k| apart: K D (log κ − log 2π) / 2."""
    numbers = shape.components * shape.features
    return normal_constant(numbers) + numbers * namespace(mean_precision).log(mean_precision) / 2


def inverse_wishart_normaliser(degrees_of_freedom: Array, scale: Float[Array, "D D"]) -> Float[Array, ""]:
    """½ ν log |Ψ / 2| − log Γ_D(ν / 2)."""
    size = scale.shape[-1]
    gammas = [log_gamma((degrees_of_freedom - each) / 2) for each in range(size)]
    multivariate = size * (size - 1) / 4 * math.log(math.pi) + sum(gammas)
    return degrees_of_freedom * (log_determinant(scale) - size * math.log(2)) / 2 - multivariate


def inverse_gamma_normaliser(degrees_of_freedom: Array, scale: Array) -> Array:
    """½ ν log (ψ / 2) − log Γ(ν / 2), for each ψ."""
    return degrees_of_freedom * namespace(scale, degrees_of_freedom).log(scale / 2) / 2 - log_gamma(degrees_of_freedom / 2)


def lkj_normaliser(concentration: Array, size: int) -> Float[Array, ""]:
    """log ∫ |R|^(η − 1) dR over D × D correlation matrices (Lewandowski et al. 2009, doi:10.1016/j.jmva.2009.04.008)."""
    gammas = [math.log(math.pi) * each / 2 + log_gamma(concentration + (size - 1 - each) / 2) for each in range(1, size)]
    return sum(gammas) - (size - 1) * log_gamma(concentration + (size - 1) / 2)


def covariance_normaliser(degrees_of_freedom: Array, scale: Array, shape: MixtureShape) -> Array:
    """Of the laws of all matrices, or all variances; 0 for families of several parts, whose densities are not normalised."""
    family = shape.family
    if len(family.parts) > 1:
        return 0 * degrees_of_freedom
    if family.moment is OUTER:
        return shape.components / family.sharing(shape.components, 1) * inverse_wishart_normaliser(degrees_of_freedom, scale)
    each = inverse_gamma_normaliser(degrees_of_freedom, scale)
    free = family.count_parameters(shape.components, shape.features)
    return free * namespace(each).mean(each)

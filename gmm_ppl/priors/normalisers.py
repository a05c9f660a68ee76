"""Constants of the laws of weights, means and covariances: what makes each density integrate to one."""

import math
from typing import TYPE_CHECKING

from gmm_ppl.mixture.density import normal_constant
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.mixture.triangular import log_determinant
from gmm_ppl.namespace import log_gamma, namespace
from gmm_ppl.types import Array, Float

if TYPE_CHECKING:
    from gmm_ppl.priors.kernel import ConjugateKernel


def dirichlet_normaliser(concentration: Float[Array, "... K"]) -> Float[Array, "..."]:
    """log Γ(Σ_k α_k) − Σ_k log Γ(α_k)."""
    return log_gamma(concentration.sum(axis=-1)) - log_gamma(concentration).sum(axis=-1)


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


def covariance_normaliser(count: Float[Array, "... K"], scatter: Array, shape: MixtureShape) -> Float[Array, "..."]:
    """Of the density whose logarithm is −½ Σ_k (n_k log |Σ_k| + tr(W_k Σ_k⁻¹)), over all matrices or variances; 0 for families of
    several parts, whose densities are not normalised.
    """
    family = shape.family
    if len(family.parts) != 1:
        return 0 * count.sum(axis=-1)
    pooled, scale = family.pooled(count, scatter)
    (part,) = family.parts
    normaliser = inverse_wishart_normaliser if part.support.axes else inverse_gamma_normaliser
    each = normaliser(pooled - family.moment.measure(shape.features), scale)
    return each.reshape(*count.shape[:-1], -1).sum(axis=-1)


def log_normaliser(kernel: "ConjugateKernel", shape: MixtureShape) -> Float[Array, "..."]:
    """c of a conjugate kernel, in nats: the density integrates to one with it. Of a posterior's kernel, the less the more likely
    the rows of its components are.
    """
    means = shape.features * namespace(kernel.mean_precision).log(kernel.mean_precision).sum(axis=-1) / 2
    return (
        dirichlet_normaliser(kernel.concentration)
        + normal_constant(shape.components * shape.features)
        + means
        + covariance_normaliser(kernel.count - 1, kernel.scatter, shape)
    )

"""The log density of a component as an inner product φ(x)·θ_k, and sums of φ as statistics.

φ(z) is the upper triangle of (1, z)(1, z)ᵀ for families of matrices and (1, z, z²) for families of variances, z = x − centre.
"""

import jax.numpy as jnp
import numpy as np

from gmm_ppl.mixture.density import gaussian, log_weights
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.statistics import Statistics, symmetric_places
from gmm_ppl.types import Array, Float


def features(z: Float[Array, "D B"], *, matrix: bool) -> Float[Array, "P B"]:
    """φ of each column of z.

    Features × rows, because then the softmax over components runs along contiguous rows. Gathered from two copies of
    (1, z): half the time of joining the products z_d · z_d:, which XLA writes one after another.
    """
    extended = jnp.concatenate([jnp.ones((1, z.shape[1]), z.dtype), z])
    if not matrix:
        return jnp.concatenate([extended, z * z])
    rows, columns = np.triu_indices(z.shape[0] + 1)
    return extended[rows] * extended[columns]


def count_features(dimension: int, *, matrix: bool) -> int:
    """P: (D + 1)(D + 2) / 2 or 2 D + 1."""
    return (dimension + 1) * (dimension + 2) // 2 if matrix else 2 * dimension + 1


def coefficients(parameters: MixtureParameters, centre: Float[Array, " D"]) -> Float[Array, "K P"]:
    """θ_k: log π_k + log N(x | μ_k, Σ_k) = φ(x − centre)·θ_k in nats."""
    means = parameters.means - centre
    precision = precisions(parameters)
    matrix = parameters.covariance.matrix
    linear = jnp.einsum("kde,ke->kd", precision, means) if matrix else precision * means
    constant = log_weights(parameters.weights) + gaussian(parameters, jnp.sum(linear * means, axis=1))
    # A component of weight 0: e^−1e30 is 0 as well, and 0 · 1e30, unlike 0 · ∞, is 0.
    constant = jnp.where(constant == -jnp.inf, -1e30, constant)[:, None]
    if not matrix:
        return jnp.concatenate([constant, linear, -precision / 2], axis=1)
    rows, columns = np.triu_indices(means.shape[1] + 1)
    bordered = jnp.concatenate([jnp.concatenate([constant, linear], axis=1)[:, None, :], border(linear, -precision)], axis=1)
    return bordered[:, rows, columns] * np.where((rows == columns) & (rows > 0), 0.5, 1)


def border(linear: Float[Array, "K D"], quadratic: Float[Array, "K D D"]) -> Float[Array, "K D D1"]:
    """A column before each matrix; it is below the diagonal that is read, so its values do not matter."""
    return jnp.concatenate([linear[:, :, None], quadratic], axis=2)


def precisions(parameters: MixtureParameters) -> Array:
    """Σ_k⁻¹ (K, D, D), or its diagonal (K, D) for families of variances."""
    components, dimension = parameters.means.shape
    if not parameters.covariance.matrix:
        return parameters.covariance.whiten(jnp.ones_like(parameters.means)) ** 2
    units = jnp.broadcast_to(jnp.eye(dimension)[:, None, :], (dimension, components, dimension))
    roots = parameters.covariance.whiten(units)
    return jnp.einsum("dkf,ekf->kde", roots, roots)


def expanded_size(parameters: MixtureParameters, centre: Float[Array, " D"], reach: Float[Array, " D"]) -> Float[Array, " K"]:
    """The largest that a term of φ·θ_k can be for rows within `reach` of `centre`: ε times this is what expanding costs.

    About (distance / σ)²: Σ_de |Σ_k⁻¹|_de m_d m_e with m the reach, or the mean's own distance where that is larger.
    """
    size = jnp.maximum(reach, jnp.abs(parameters.means - centre))
    precision = jnp.abs(precisions(parameters))
    if parameters.covariance.matrix:
        return jnp.einsum("kd,kde,ke->k", size, precision, size)
    return jnp.sum(precision * size**2, axis=1)


def as_statistics(sums: Float[Array, "K P"], centre: Float[Array, "K D"], *, matrix: bool) -> Statistics:
    """Σ w r φ as `Statistics` about `centre`."""
    dimension = centre.shape[1]
    count, first, rest = sums[:, 0], sums[:, 1 : dimension + 1], sums[:, dimension + 1 :]
    if not matrix:
        return Statistics(count, first, rest, centre)
    return Statistics(count, first, rest[:, symmetric_places(dimension)[2]], centre)

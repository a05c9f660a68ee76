"""The density of a Gaussian mixture. Nothing else in the library writes log 2π or a log-sum-exp over components."""

import math

import jax
import jax.numpy as jnp

from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.types import Array, Float

LOG_2PI = math.log(2 * math.pi)


def component_log_densities(x: Float[Array, "... D"], parameters: MixtureParameters) -> Float[Array, "... K"]:
    """Log π_k + log N(x | μ_k, Σ_k) in nats, for each component; −∞ where a weight is 0."""
    residuals = x[..., None, :] - parameters.means
    distances = jnp.sum(parameters.covariance.whiten(residuals) ** 2, axis=-1)
    return log_weights(parameters.weights) + gaussian(parameters, distances)


def log_density(x: Float[Array, "... D"], parameters: MixtureParameters) -> Float[Array, "..."]:
    """Log P(x) = log Σ_k π_k N(x | μ_k, Σ_k) in nats; one value a row of x."""
    return jax.nn.logsumexp(component_log_densities(x, parameters), axis=-1)


def responsibilities(x: Float[Array, "... D"], parameters: MixtureParameters) -> Float[Array, "... K"]:
    """γ_ik = π_k N(x_i | μ_k, Σ_k) / P(x_i): the probability that row i belongs to component k; rows sum to one."""
    return jax.nn.softmax(component_log_densities(x, parameters), axis=-1)


def density_and_responsibilities(x: Float[Array, "... D"], parameters: MixtureParameters) -> tuple[Array, Array]:
    """`log_density` and `responsibilities` from one evaluation of the components."""
    joint = component_log_densities(x, parameters)
    total = jax.nn.logsumexp(joint, axis=-1)
    return total, jnp.exp(joint - total[..., None])


def joint_of_residuals(residuals: Float[Array, "K D B"], parameters: MixtureParameters) -> Float[Array, "K B"]:
    """`component_log_densities` of rows whose residuals x_i − μ_k are known, components × rows."""
    constants = log_weights(parameters.weights) + gaussian(parameters, jnp.zeros_like(parameters.weights))
    return constants[:, None] - parameters.covariance.distances(residuals) / 2


def exponentials(joint: Float[Array, "K B"]) -> tuple[Array, Array, Array]:
    """(m, e, s) of joint log densities, components × rows: log P(x) = m + log s, and responsibilities are e / s."""
    # Whatever m is, the answers are the same: it has no derivative. Asked for one, JAX looks for the entries that equal the
    # largest, and where compiled code rounds the two in different ways finds none, which makes it NaN.
    largest = jax.lax.stop_gradient(jnp.max(joint, axis=0))
    # Where no component has any density m is of no account, and the answer −∞, not NaN.
    largest = jnp.where(jnp.isneginf(largest), 0, largest)
    each = jnp.exp(joint - largest)
    return largest, each, jnp.sum(each, axis=0)


def expected_log_likelihood(statistics: Statistics, parameters: MixtureParameters) -> Float[Array, ""]:
    """Σ_ik w_i r_ik (log π_k + log N(x_i | μ_k, Σ_k)) in nats, from the statistics alone: the Q of EM.

    Its derivative in the parameters, at the responsibilities of those parameters, is that of the marginal
    log-likelihood (Fisher's identity), which makes it the tangent rule of `data_pass.log_likelihood` too.
    """
    shift = parameters.means - statistics.centre
    moved, first = parameters.covariance.whiten(shift), parameters.covariance.whiten(statistics.first)
    distances = parameters.covariance.trace_precision(statistics.second) - 2 * jnp.sum(moved * first, axis=-1)
    distances = distances + statistics.count * jnp.sum(moved**2, axis=-1)
    constants = log_weights(parameters.weights) + gaussian(parameters, jnp.zeros_like(distances))
    # An empty component with weight 0 contributes 0 · (−∞), which is 0 here and NaN in floating point.
    kept = jnp.where(statistics.count > 0, constants, 0)
    return jnp.sum(statistics.count * kept - distances / 2)


def gaussian(parameters: MixtureParameters, distances: Float[Array, "... K"]) -> Float[Array, "... K"]:
    """Log N from squared Mahalanobis distances: −(D log 2π + log |Σ_k| + distance) / 2."""
    features = parameters.means.shape[-1]
    return -(features * LOG_2PI + parameters.covariance.log_determinant(features) + distances) / 2


def log_weights(weights: Float[Array, " K"]) -> Float[Array, " K"]:
    """Log π with −∞ at 0 and, there, the derivative 0 instead of the NaN that ∞ · 0 would give."""
    positive = weights > 0
    return jnp.where(positive, jnp.log(jnp.where(positive, weights, 1)), -jnp.inf)

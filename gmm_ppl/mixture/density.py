"""The density of a Gaussian mixture. Nothing else in the library writes log 2π or a log-sum-exp over components."""

import math

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.namespace import choose, constant, namespace
from gmm_ppl.records import always
from gmm_ppl.types import Array, Float

FAR = 1e13
"""Nats below any density worth the name, from where squared distances have no digits left for what tells components apart."""


def component_log_densities(x: Float[Array, "... D"], parameters: MixtureParameters) -> Float[Array, "... K"]:
    """Log π_k + log N(x | μ_k, Σ_k) in nats, for each component; −∞ where a weight is 0.

    Raises:
        InputError: rows with another number of features than the mixture.
    """
    xp = namespace(x, parameters.means)
    columns = check_features(x, parameters).reshape(-1, parameters.means.shape[-1]).T
    with np.errstate(over="ignore"):
        joint = joint_of_residuals(columns - parameters.means[:, :, None], parameters)
    return xp.moveaxis(joint, 0, -1).reshape(*x.shape[:-1], joint.shape[0])


def check_features(x: Array, parameters: MixtureParameters) -> Array:
    """The rows, their last axis being the mixture's features; InputError where it is not."""
    features = parameters.means.shape[-1]
    if x.ndim and x.shape[-1] == features:
        return x
    hint = " A single feature is x[:, None]." if features == 1 else ""
    raise InputError(f"x must end in an axis of {features} feature{'s' * (features > 1)}; its shape is {x.shape}.{hint}")


def log_density(x: Float[Array, "... D"], parameters: MixtureParameters) -> Float[Array, "..."]:
    """Log P(x) = log Σ_k π_k N(x | μ_k, Σ_k) in nats; one value a row of x."""
    return density_and_responsibilities(x, parameters)[0]


def responsibilities(x: Float[Array, "... D"], parameters: MixtureParameters) -> Float[Array, "... K"]:
    """γ_ik = π_k N(x_i | μ_k, Σ_k) / P(x_i): the probability that row i belongs to component k; rows sum to one."""
    return density_and_responsibilities(x, parameters)[1]


def density_and_responsibilities(x: Float[Array, "... D"], parameters: MixtureParameters) -> tuple[Array, Array]:
    """`log_density` and `responsibilities` from one evaluation of the components."""
    joint = component_log_densities(x, parameters)
    with np.errstate(divide="ignore", invalid="ignore"):
        total, each = shares(joint, axis=-1)
    if namespace(joint) is np and (far := ~(total > -FAR)).any():
        each = choose(far, distant_shares(x, parameters), each)
    return total, each


def shares(joint: Array, axis: int) -> tuple[Array, Array]:
    """Log Σ_k e^{joint_k} along an axis, and each term's share of it."""
    xp = namespace(joint)
    largest, each, total = exponentials(joint, axis)
    # Of the terms themselves, not of exp(joint − log P): where log P is large it has swallowed log K.
    return largest + xp.log(total), each / xp.expand_dims(total, axis)


def distant_shares(x: Float[np.ndarray, "... D"], parameters: MixtureParameters) -> Float[np.ndarray, "... K"]:
    """Responsibilities, in NumPy, of rows so far from every component that their squared distances are alike but for rounding.

    Counted from one component, r say, and along x − μ_r = s u, in which log γ_k − log γ_r =
    c_k − c_r + s uᵀ Σ_k⁻¹ (μ_k − μ_r) − ½ s² uᵀ (Σ_k⁻¹ − Σ_r⁻¹) u: what components share cancels before s makes it large.
    """
    moment, about = parameters.covariance.moment, parameters.weights.argmax()
    away, means = x - parameters.means[about], parameters.means - parameters.means[about]
    size = np.maximum(np.abs(away).max(axis=-1, keepdims=True), 1)
    direction = (away / size)[..., None, :] + 0 * means
    precision = parameters.covariance.precision() + 0 * moment.expand(parameters.weights)
    linear = moment.linear(precision, means)
    curved = np.sum(moment.linear(precision - precision[about], direction) * direction, axis=-1)
    own = log_normalisers(parameters) - np.sum(linear * means, axis=-1) / 2
    with np.errstate(over="ignore"):
        joint = own / size + np.sum(linear * direction, axis=-1) - np.clip(size * curved / 2, -1e300, 1e300)
        each = np.exp(size * (joint - joint.max(axis=-1, keepdims=True)))
    return each / each.sum(axis=-1, keepdims=True)


def joint_of_residuals(residuals: Float[Array, "... K D B"], parameters: MixtureParameters) -> Float[Array, "... K B"]:
    """`component_log_densities` of rows whose residuals x_i − μ_k are known, components × rows."""
    return log_normalisers(parameters)[..., None] - parameters.covariance.distances(residuals) / 2


def log_normalisers(parameters: MixtureParameters) -> Float[Array, "... K"]:
    """Log π_k + log N(μ_k | μ_k, Σ_k): a component's log density at its own mean."""
    features = parameters.means.shape[-1]
    return log_weights(parameters.weights) + normal_constant(features) - parameters.covariance.log_determinant(features) / 2


def exponentials(joint: Array, axis: int) -> tuple[Array, Array, Array]:
    """(m, e, s) of joint log densities: log P(x) = m + log s, and responsibilities are e / s."""
    xp = namespace(joint)
    # Whatever m is, the answers are the same: it has no derivative. Asked for one, JAX looks for the entries that equal the
    # largest, and where compiled code rounds the two in different ways finds none, which makes it NaN.
    largest = constant(joint.max(axis=axis))
    # Where no component has any density m is of no account, and the answer −∞, not NaN. (XLA makes a faster program of this than
    # of a maximum, and of arrays without an axis of length one: 16 components in 25 ms for 33.)
    largest = xp.where(xp.isneginf(largest), 0, largest)
    each = xp.exp(joint - xp.expand_dims(largest, axis))
    return largest, each, each.sum(axis=axis)


def expected_log_likelihood(statistics: Statistics, parameters: MixtureParameters) -> Float[Array, "..."]:
    """Σ_ik w_i r_ik (log π_k + log N(x_i | μ_k, Σ_k)) in nats, from the statistics alone: the Q of EM.

    Its derivative in the parameters, at the responsibilities of those parameters, is that of the marginal
    log-likelihood (Fisher's identity), which makes it the tangent rule of `data_pass.log_likelihood` too.
    """
    xp = namespace(statistics.count, parameters.weights)
    shift = parameters.means - statistics.centre
    moved, first = parameters.covariance.whiten(shift), parameters.covariance.whiten(statistics.first)
    distances = parameters.covariance.trace_precision(statistics.second) - 2 * (moved * first).sum(axis=-1)
    distances = distances + statistics.count * (moved**2).sum(axis=-1)
    # An empty component with weight 0 contributes 0 · (−∞), which is 0 here and NaN in floating point.
    kept = xp.where(statistics.count > 0, log_normalisers(parameters), 0)
    return (statistics.count * kept - distances / 2).sum(axis=-1)


def gaussian(parameters: MixtureParameters, distances: Float[Array, "... K"]) -> Float[Array, "... K"]:
    """Log N from squared Mahalanobis distances: −(D log 2π + log |Σ_k| + distance) / 2."""
    features = parameters.means.shape[-1]
    return normal_constant(features) - (parameters.covariance.log_determinant(features) + distances) / 2


def normal_constant(numbers: int) -> float:
    """Log density of so many standard normal numbers at 0: −½ n log 2π."""
    return -numbers * math.log(2 * math.pi) / 2


def normal(values: Array, mean: Array, deviation: Array) -> Array:
    """Log N(mean, deviation²) of numbers, in nats."""
    return normal_constant(1) - ((values - mean) / deviation) ** 2 / 2 - namespace(values, deviation).log(deviation)


def log_weights(weights: Float[Array, "... K"]) -> Float[Array, "... K"]:
    """Log π with −∞ at 0 and, there, the derivative 0 instead of the NaN that ∞ · 0 would give."""
    xp, positive = namespace(weights), weights > 0
    if always(positive):
        return xp.log(weights)
    return xp.where(positive, xp.log(xp.where(positive, weights, 1)), -math.inf)

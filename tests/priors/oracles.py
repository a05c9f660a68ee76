"""Prior densities by hand: scipy's laws, and the separated prior from its own coordinates with a numerical Jacobian."""

import numpy as np
from scipy import stats
from scipy.special import betaln

from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.moments import OUTER

STATED = {
    "concentration": [1.5, 2.0, 3.0],
    "mean": [0.5, -1.0],
    "mean_precision": 0.3,
    "degrees_of_freedom": 9.0,
}
SCALE = np.array([[2.0, 0.5], [0.5, 1.5]])
SEPARATED = {
    "concentration": [1.5, 2.0, 3.0],
    "mean": [0.5, -1.0],
    "mean_scale": [2.0, 3.0],
    "correlation_concentration": 2.5,
}
DEVIATIONS = np.array([1.0, 2.0])


def stated_conjugate(family):
    """A conjugate prior with every number stated, as a config would."""
    member = FAMILIES[family]
    return {"kind": "conjugate", **STATED, "scale": member.scale_of(member.moment.from_matrix(SCALE)).tolist()}


def stated_separated(family):
    """A separated prior with every number stated."""
    member = FAMILIES[family]
    scale = DEVIATIONS if member.moment is OUTER else member.scale_of(DEVIATIONS)
    return {"kind": "separated", **SEPARATED, "scale": scale.tolist()}


def conjugate_log_density(parameters, prior):
    """Dirichlet, inverse-Wishart or inverse-gamma, and normal given the covariances."""
    precision = float_of(prior, "mean_precision")
    means = sum(
        stats.multivariate_normal.logpdf(mean, np.asarray(prior.mean), covariance / precision)
        for mean, covariance in zip(parameters.means, parameters.covariances, strict=True)
    )
    weights = stats.dirichlet.logpdf(parameters.weights, np.asarray(prior.concentration))
    return weights + conjugate_spread(parameters, prior) + means


def conjugate_spread(parameters, prior):
    """Of the covariances: inverse-Wishart for each matrix, inverse-gamma for each variance."""
    degrees, scale = (float_of(prior, name) for name in ("degrees_of_freedom", "scale"))
    if len(parameters.covariance.parts) > 1:
        return joint_spread(parameters, degrees, scale)
    (part,), (values,) = parameters.covariance.parts, parameters.covariance.sites.values()
    if part.support.axes:
        return sum(stats.invwishart.logpdf(each, df=degrees, scale=scale) for each in values.reshape(-1, *values.shape[-2:]))
    return stats.invgamma.logpdf(values, degrees / 2, scale=scale / 2).sum()


def joint_spread(parameters, degrees, scale):
    """Of covariances made of several parts: the law of each Σ_k, or of its variances, without its constant."""
    features = parameters.means.shape[-1]
    if parameters.covariance.moment is OUTER:
        terms = [
            (degrees + features + 1) * np.linalg.slogdet(each)[1] + np.trace(scale @ np.linalg.inv(each))
            for each in parameters.covariances
        ]
    else:
        variances = np.diagonal(parameters.covariances, axis1=1, axis2=2)
        terms = ((degrees + 2) * np.log(variances) + scale / variances).ravel()
    return -np.sum(terms) / 2


def separated_log_density(parameters, prior):
    """Dirichlet, normal, and the law of covariances or variances that half-normal scales and LKJ correlations make."""
    (part,), (values,) = parameters.covariance.parts, parameters.covariance.sites.values()
    scale = float_of(prior, "scale")
    if part.support.axes:
        matrices = values.reshape(-1, *values.shape[-2:])
        eta = float(prior.correlation_concentration)
        spread = sum(covariance_log_density(each, scale, eta) for each in matrices)
    else:
        deviations = np.sqrt(values)
        spread = (stats.halfnorm.logpdf(deviations, scale=scale) - np.log(2 * deviations)).sum()
    means = stats.norm.logpdf(parameters.means, np.asarray(prior.mean), np.asarray(prior.mean_scale)).sum()
    return stats.dirichlet.logpdf(parameters.weights, np.asarray(prior.concentration)) + spread + means


def covariance_log_density(matrix, scale, eta):
    """log p(σ) + log p(R) − log |∂Σ / ∂(σ, R)|, the Jacobian by central differences."""
    sigma = np.sqrt(np.diagonal(matrix))
    correlation = matrix / sigma[:, None] / sigma
    log_lkj = (eta - 1) * np.linalg.slogdet(correlation)[1] - log_lkj_normaliser(len(sigma), eta)
    below = np.tril_indices(len(sigma), -1)
    coordinates = np.concatenate([sigma, correlation[below]])
    return stats.halfnorm.logpdf(sigma, scale=scale).sum() + log_lkj - log_jacobian(lower_triangle, coordinates)


def lower_triangle(coordinates):
    """The lower triangle of diag(σ) R diag(σ) from (σ, R below the diagonal)."""
    features = int((np.sqrt(8 * coordinates.size + 1) - 1) / 2)
    correlation = np.eye(features)
    correlation[np.tril_indices(features, -1)] = coordinates[features:]
    correlation = np.tril(correlation) + np.tril(correlation, -1).T
    return (coordinates[:features, None] * correlation * coordinates[:features])[np.tril_indices(features)]


def log_jacobian(function, point, step=1e-6):
    """log |det ∂f/∂x| by central differences."""
    steps = step * np.eye(point.size)
    columns = [(function(point + each) - function(point - each)) / (2 * step) for each in steps]
    return np.linalg.slogdet(np.stack(columns, axis=1))[1]


def log_lkj_normaliser(features, eta):
    """log ∫ |R|^(η − 1) dR over correlation matrices (Lewandowski, Kurowicka & Joe 2009, equation 16)."""
    k = np.arange(1, features)
    left = features - k
    shape = eta + (left - 1) / 2
    return np.sum((2 * eta - 2 + left) * left) * np.log(2) + np.sum(left * betaln(shape, shape))


def float_of(prior, name):
    """A number or an array of a prior in NumPy's double precision."""
    return np.asarray(getattr(prior, name), dtype=float)[()]

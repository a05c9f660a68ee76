"""The objective and one step of EM in NumPy alone, in units that no case leaves, from the textbook formulae.

`Model` is a mixture as dense as its family needs: `values` (K, D, D) for families of matrices, (K, D) variances for others.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaln, logsumexp, multigammaln, xlogy

EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Model:
    """Weights (K,), means (K, D), covariance values by component; `family` says what they share."""

    family: str
    weights: np.ndarray
    means: np.ndarray
    values: np.ndarray

    @property
    def matrix(self) -> bool:
        """Whether values are matrices."""
        return self.values.ndim == 3


MATRICES = ("full", "tied", "full_tied_volume")
"""Families with correlations."""

VALUES: Mapping[str, Callable[[Any], np.ndarray]] = {
    "full": lambda found: found.covariances,
    "tied": lambda found: found.covariance,
    "full_tied_volume": lambda found: found.volume * found.shapes,
    "diagonal": lambda found: found.variances,
    "diagonal_tied_shape": lambda found: found.volumes[:, None] * found.shape,
    "spherical": lambda found: found.variances[:, None],
    "spherical_tied": lambda found: found.variance,
}
"""What a family's parts make."""


def model(family: str, parameters: Any) -> Model:
    """What a fit found, as a `Model`."""
    return spread(family, np.asarray(parameters.weights), np.asarray(parameters.means), VALUES[family](parameters.covariance))


def spread(family: str, weights: np.ndarray, means: np.ndarray, values: np.ndarray) -> Model:
    """A value for each component (and feature) from those that the family has."""
    components, features = means.shape
    shape = (components, features, features) if family in MATRICES else (components, features)
    return Model(family, weights, means, np.broadcast_to(values, shape))


def whitened(residuals: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, float]:
    """(squared distances (N,), log |Σ|) of one component."""
    if value.ndim == 1:
        return ((residuals / np.sqrt(value)) ** 2).sum(axis=1), float(np.log(value).sum())
    units = np.sqrt(np.diagonal(value))
    factor = np.linalg.cholesky(value / units[:, None] / units)
    inner = np.linalg.solve(factor, (residuals / units).T)
    return (inner**2).sum(axis=0), float(2 * np.log(np.diagonal(factor)).sum() + 2 * np.log(units).sum())


def component_densities(found: Model, x: np.ndarray) -> np.ndarray:
    """log π_k N(x_i), (N, K)."""
    columns = []
    for weight, mean, value in zip(found.weights, found.means, found.values, strict=True):
        distance, determinant = whitened(x - mean, value)
        with np.errstate(divide="ignore"):
            columns.append(np.log(weight) - (distance + determinant + x.shape[1] * np.log(2 * np.pi)) / 2)
    return np.stack(columns, axis=1)


def log_likelihood(found: Model, x: np.ndarray) -> float:
    """Σ_i log P(x_i)."""
    return float(logsumexp(component_densities(found, x), axis=1).sum())


def log_prior(found: Model, numbers: dict[str, Any]) -> float:
    """Log density of a conjugate prior with these numbers; 0 for none, the flat prior."""
    if not numbers:
        return 0.0
    return log_weights(found, numbers) + log_means(found, numbers) + log_covariances(found, numbers)


def log_weights(found: Model, numbers: dict[str, Any]) -> float:
    """Dirichlet, with 0 · log 0 = 0."""
    concentration = np.asarray(numbers["concentration"])
    powers = xlogy(concentration - 1, found.weights)
    return float(gammaln(concentration.sum()) - gammaln(concentration).sum() + powers.sum())


def log_means(found: Model, numbers: dict[str, Any]) -> float:
    """μ_k ~ N(m, Σ_k / κ)."""
    precision, total = float(numbers["mean_precision"]), 0.0
    features = found.means.shape[1]
    for mean, value in zip(found.means, found.values, strict=True):
        distance, determinant = whitened((mean - np.asarray(numbers["mean"]))[None], value)
        total -= (precision * distance[0] + determinant + features * np.log(2 * np.pi / precision)) / 2
    return float(total)


def log_covariances(found: Model, numbers: dict[str, Any]) -> float:
    """Inverse Wishart for matrices, inverse gamma for variances; a value that is shared counts once.

    Of families of several parts the density is a function of the Σ_k, not normalised.
    """
    degrees, scale = float(numbers["degrees_of_freedom"]), np.asarray(numbers["scale"])
    if found.matrix:
        distinct = found.values[:1] if found.family == "tied" else found.values
        constant = 0.0 if found.family == "full_tied_volume" else inverse_wishart_constant(degrees, scale)
        return sum(log_inverse_wishart(value, degrees, scale) + constant for value in distinct)
    values = {"spherical": found.values[:, 0], "spherical_tied": found.values[0, 0]}.get(found.family, found.values)
    constant = 0.0 if found.family == "diagonal_tied_shape" else degrees / 2 * np.log(scale / 2) - gammaln(degrees / 2)
    return float(np.sum(constant - (degrees / 2 + 1) * np.log(values) - scale / values / 2))


def log_inverse_wishart(value: np.ndarray, degrees: float, scale: np.ndarray) -> float:
    """Up to a constant."""
    units, root = scale_root(scale)
    trace, determinant = whitened((root * units[:, None]).T, value)
    return float(-(degrees + len(value) + 1) / 2 * determinant - trace.sum() / 2)


def inverse_wishart_constant(degrees: float, scale: np.ndarray) -> float:
    """What the density's integral takes."""
    units, root = scale_root(scale)
    determinant = 2 * np.log(np.diagonal(root)).sum() + 2 * np.log(units).sum()
    return float(degrees / 2 * (determinant - len(scale) * np.log(2)) - multigammaln(degrees / 2, len(scale)))


def scale_root(scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Units of the scale's diagonal, in which nothing overflows, and its root in them."""
    units = np.sqrt(np.diagonal(scale))
    return units, np.linalg.cholesky(scale / units[:, None] / units)


def em_step(found: Model, x: np.ndarray, numbers: dict[str, Any]) -> Model:
    """One step of EM: responsibilities, then the mode given them."""
    return m_step(found.family, memberships(found, x), x, numbers)


def memberships(found: Model, x: np.ndarray) -> np.ndarray:
    """Responsibilities, (N, K)."""
    densities = component_densities(found, x)
    return np.exp(densities - logsumexp(densities, axis=1, keepdims=True))


def m_step(family: str, memberships: np.ndarray, x: np.ndarray, numbers: dict[str, Any]) -> Model:
    """Mode of weights, means and covariances given memberships."""
    count = memberships.sum(axis=0)
    means, scatters = moments(memberships, x, numbers)
    weights = count + np.asarray(numbers.get("concentration", 1.0)) - 1
    return spread(family, weights / weights.sum(), means, pooled(family, scatters, count, numbers))


def moments(memberships: np.ndarray, x: np.ndarray, numbers: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Means (K, D) and scatter matrices (K, D, D), with what a prior of the means adds to both."""
    features = x.shape[1]
    precision = float(numbers.get("mean_precision", 0.0))
    centre = np.asarray(numbers.get("mean", np.zeros(features)))
    means, scatters = [], []
    for column in memberships.T:
        near = x[np.argmax(column)]
        own = near + column @ (x - near) / column.sum() if column.any() else centre
        pull = precision / (precision + column.sum()) if precision else 0.0
        means.append(own + pull * (centre - own))
        residuals = x - own
        towards = (own - centre) * np.sqrt(column.sum() * pull)
        scatters.append((residuals * column[:, None]).T @ residuals + np.outer(towards, towards))
    return np.array(means), np.array(scatters)


def pooled(family: str, scatters: np.ndarray, count: np.ndarray, numbers: dict[str, Any]) -> np.ndarray:
    """(prior scatter + scatter) / (prior count + count), over what shares one value."""
    components, features = scatters.shape[:2]
    prior, scale = bool(numbers), np.asarray(numbers.get("scale", 0.0))
    degrees = float(numbers.get("degrees_of_freedom", 0.0))
    squares = np.diagonal(scatters, axis1=1, axis2=2)
    if family == "full":
        return (scale + scatters) / (count + prior * (degrees + features + 2))[:, None, None]
    if family == "full_tied_volume":
        return of_one_volume(scale + scatters, count + prior * (degrees + features + 2))
    if family == "tied":
        return (scale + scatters.sum(axis=0)) / (count.sum() + prior * (degrees + features + 1 + components))
    if family == "diagonal":
        return (scale + squares) / (count + prior * (degrees + 3))[:, None]
    if family == "diagonal_tied_shape":
        return of_one_shape(scale + squares, count + prior * (degrees + 3))
    if family == "spherical":
        return ((scale + squares.sum(axis=1)) / (count * features + prior * (degrees + 2 + features)))[:, None]
    return (scale + squares.sum()) / (count.sum() * features + prior * (degrees + 2 + components * features))


def of_one_volume(scatters: np.ndarray, count: np.ndarray) -> np.ndarray:
    """λ C_k with |C_k| = 1: λ = Σ_k |W_k|^{1/D} / n, C_k = W_k / |W_k|^{1/D}."""
    units = np.sqrt(np.diagonal(scatters, axis1=1, axis2=2))
    determinants = np.linalg.slogdet(scatters / units[:, :, None] / units[:, None, :])[1] + 2 * np.log(units).sum(axis=1)
    volumes = determinants / units.shape[1]
    return scatters * np.exp(logsumexp(volumes) - np.log(count.sum()) - volumes)[:, None, None]


def of_one_shape(squares: np.ndarray, count: np.ndarray, steps: int = 3000) -> np.ndarray:
    """λ_k a_d, each the best for the other in turn (Celeux & Govaert 1995)."""
    units = squares.sum(axis=0)
    relative, shape = squares / units, np.ones(units.size)
    for _ in range(steps):
        last, volumes = shape, (relative / shape).sum(axis=1) / count
        shape = (relative / volumes[:, None]).sum(axis=0)
        shape = shape / np.exp(np.log(shape).mean())
        if np.allclose(shape, last, rtol=1e-14, atol=0):
            break
    return (relative / shape).mean(axis=1)[:, None] / count[:, None] * shape * units


def thinnest(found: Model, x: np.ndarray) -> np.ndarray:
    """Smallest variance of each component in any direction, in units of the data's deviations; NaN where there is none.

    Of matrices of one volume in units of their own, where these are larger: one that gets thin gets long.
    """
    deviations = (x - x[0]).std(axis=0)
    if found.family in ("spherical", "spherical_tied"):
        return (np.sqrt(found.values[:, 0]) / deviations.max()) ** 2
    if not found.matrix:
        return ((np.sqrt(found.values) / deviations) ** 2).min(axis=1)
    if found.family == "full_tied_volume":
        deviations = np.maximum(deviations, np.sqrt(np.diagonal(found.values, axis1=1, axis2=2)))
    standard = found.values / deviations[..., :, None] / deviations[..., None, :]
    finite = np.isfinite(standard).all(axis=(1, 2))
    safe = np.where(finite[:, None, None], standard, np.eye(x.shape[1]))
    return np.where(finite, np.linalg.eigvalsh(safe)[:, 0], np.nan)


def own_scatters(found: Model, x: np.ndarray) -> Model:
    """The mixture with W_k / n_k for covariances, whatever the components share.

    A common volume hides rows without width: of W / |W|^{1/D} the least eigenvalue is about √ε where |W| is rounding.
    """
    columns = memberships(found, x)
    means, scatters = moments(columns, x, {})
    return Model("full", found.weights, means, scatters / columns.sum(axis=0)[:, None, None])

"""Fits made by hand with NumPy: a point near the truth, and draws jittered around it."""

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from gmm_ppl.data.tables import Table, as_table
from gmm_ppl.inference.base import DrawsFit, PointFit, Restarts, Status
from gmm_ppl.mixture.covariance import AbstractCovariance, find_family
from gmm_ppl.mixture.parameters import MixtureParameters, from_sites
from gmm_ppl.model.specification import Mixture
from gmm_ppl.records import map_arrays

ROWS, CHAINS, DRAWS = 60, 2, 50
NAMES = ("length", "width", "height")


def values(rows: int = ROWS, features: int = 2, components: int = 2, seed: int = 0) -> np.ndarray:
    """Rows around `components` centres on a line."""
    rng = np.random.default_rng(seed)
    centres = 4.0 * (np.arange(rows) % components)
    return centres[:, None] * (1 + np.arange(features)) + rng.standard_normal((rows, features))


def table(rows: int = ROWS, features: int = 2, components: int = 2, seed: int = 0) -> Table:
    """`values` under names, with a label column."""
    x = values(rows, features, components, seed)
    columns = {name: x[:, place] for place, name in enumerate(NAMES[:features])}
    return as_table({**columns, "kind": np.array(["a", "é"])[np.arange(rows) % 2]})


def parameters(family: str, features: int = 2, components: int = 2) -> MixtureParameters:
    """Near the truth of `values`, with unequal weights and correlated features where the family has room for them."""
    weights = np.arange(1, components + 1) + 2.0
    means = 4.0 * np.arange(components)[:, None] * (1 + np.arange(features)) + 0.1
    member = find_family(family)
    shapes = {part.name: part.real_shape(components, features) for part in member.parts}
    real = {name: 0.15 + 0.1 * np.sin(1 + np.arange(np.prod(shape))).reshape(shape) for name, shape in shapes.items()}
    return MixtureParameters(weights / weights.sum(), means, plain(member.from_real(real)))


def at(found: MixtureParameters, place: object) -> MixtureParameters:
    """Some of several mixtures along their leading axes, or one of them."""
    return map_arrays(lambda leaf: leaf[place], found)


def plain(covariance: AbstractCovariance) -> AbstractCovariance:
    """The parts alone."""
    return type(covariance).from_sites(covariance.sites)


def dense(found: MixtureParameters) -> np.ndarray:
    """Covariance matrices (…, K, D, D), by NumPy: the product of a family's parts, numbers and vectors being diagonals."""
    features = found.means.shape[-1]
    product = eye = np.eye(features)
    for part in type(found.covariance).parts:
        held = np.asarray(getattr(found.covariance, part.name))
        own = [dim for dim in part.dims if dim != "component"]
        each = held if len(own) < len(part.dims) else np.expand_dims(held, -len(own) - 1)
        product = product @ (each if len(own) == 2 else each[..., None] * eye if own else each[..., None, None] * eye)
    return np.broadcast_to(product, (*found.means.shape, features))


def joint(found: MixtureParameters, x: np.ndarray) -> np.ndarray:
    """log π_k N(x_i | μ_k, Σ_k), (N, K), by SciPy."""
    matrices = dense(found)
    columns = [
        np.log(found.weights[k]) + multivariate_normal(found.means[k], matrices[k]).logpdf(x).reshape(len(x))
        for k in range(found.weights.size)
    ]
    return np.stack(columns, axis=1)


def memberships(found: MixtureParameters, x: np.ndarray) -> np.ndarray:
    """Responsibilities (N, K) by SciPy."""
    terms = joint(found, x)
    return np.exp(terms - logsumexp(terms, axis=1, keepdims=True))


def point_fit(
    family: str, features: int = 2, components: int = 2, prior: object = "weak", x: np.ndarray | None = None
) -> PointFit:
    """A fit whose parameters are `parameters`, with three starts of which one failed."""
    x = values(features=features, components=components) if x is None else x
    found = parameters(family, features, components)
    log_likelihood = float(logsumexp(joint(found, x), axis=1).sum())
    objective = np.array([log_likelihood - 3.0, log_likelihood - 7.0, np.nan])
    restarts = Restarts(
        objective=objective,
        log_likelihood=objective + 3.0,
        iterations=np.array([2, 1, 0]),
        status=(Status.CONVERGED, Status.STEP_LIMIT, Status.COLLAPSED),
        trace=np.array([[-300.0, -200.0, objective[0]], [-300.0, objective[1], np.nan], [-300.0, np.nan, np.nan]]),
        optimum=np.array([0, 1, -1]),
        best=0,
        kind=("kmeans", "random", "nearest"),
    )
    mixture = Mixture(components, family, prior).resolve(x)
    return PointFit(mixture, found, dict(found.sites), log_likelihood, -3.0, Status.CONVERGED, 2, restarts)


def draws_fit(point: PointFit, chains: int = CHAINS, draws: int = DRAWS, seed: int = 1, spread: float = 0.03) -> DrawsFit:
    """Draws around the point: Dirichlet weights, normal means, covariances by normal coordinates."""
    rng = np.random.default_rng(seed)
    shape, found = (chains, draws), point.parameters
    weights = rng.dirichlet(400 * found.weights, shape)
    means = found.means + spread * rng.standard_normal((*shape, *found.means.shape))
    shapes = {name: (*shape, *each.shape) for name, each in found.covariance.real.items()}
    real = {name: found.covariance.real[name] + 0.03 * rng.standard_normal(size) for name, size in shapes.items()}
    return fit_of(point, MixtureParameters(weights, means, plain(type(found.covariance).from_real(real))), seed)


def fit_of(point: PointFit, parameters: MixtureParameters, seed: int = 1) -> DrawsFit:
    """Draws with these parameters, and made-up statistics."""
    rng = np.random.default_rng(seed)
    shape = parameters.weights.shape[:2]
    statistics = {
        "diverging": rng.random(shape) < 0.1,
        "tree_depth": rng.integers(2, 11, shape),
        "energy": rng.normal(100, 3, shape),
        "lp": rng.normal(-100, 3, shape),
    }
    sites = dict(parameters.sites)
    logits = np.log(parameters.weights[..., :-1] / parameters.weights[..., -1:])
    unconstrained = {"weights": logits, "means": parameters.means, **parameters.covariance.real}
    return DrawsFit(point.mixture, parameters, sites, unconstrained, statistics, point, 1.5, seed)


def permuted(fit: DrawsFit, order: np.ndarray) -> DrawsFit:
    """The same draws with component k of each being component `order[k]` (chain, draw, K) of what it was."""

    def moved(values: np.ndarray, dims: tuple[str, ...]) -> np.ndarray:
        if "component" not in dims:
            return values
        at = dims.index("component") + 2
        whole, found = np.moveaxis(values, at, 2), np.empty_like(np.moveaxis(values, at, 2))
        for place in np.ndindex(order.shape[:2]):
            found[place] = whole[place][order[place]]
        return np.moveaxis(found, 2, at)

    parts = {part.name: part.dims for part in fit.parameters.shape.parts}
    sites = {name: moved(values, parts[name]) for name, values in fit.parameters.sites.items()}
    return fit_of(fit.start, from_sites(sites, type(fit.parameters.covariance)), fit.seed)


def random_orders(components: int, chains: int = CHAINS, draws: int = DRAWS, seed: int = 5) -> np.ndarray:
    """A random permutation for every draw."""
    return np.random.default_rng(seed).random((chains, draws, components)).argsort(axis=-1)

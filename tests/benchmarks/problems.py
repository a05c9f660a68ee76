"""Data that the benchmarks fit: rows drawn from a mixture, and the parameters that every method starts from."""

from dataclasses import dataclass

import numpy as np

import gmm_ppl as gp


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows (N, D) and a start: weights (K,), means (K, D), and covariances in the family's own shape."""

    x: np.ndarray
    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    family: str

    @property
    def components(self) -> int:
        """K."""
        return len(self.weights)

    @property
    def size(self) -> str:
        """N × D and K, as rows are named."""
        rows, features = self.x.shape
        return f"{rows}×{features}, K={self.components}"

    @property
    def start(self) -> gp.MixtureParameters:
        """The start as ours."""
        return gp.mixture_parameters(self.weights, self.means, self.covariances, covariance=self.family)


def problem(rows: int, features: int, components: int, family: str = "full", separation: float = 4.0, seed: int = 1) -> Problem:
    """Rows of components whose means are about `separation` standard deviations apart, and a start beside the truth."""
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(components, features)) * separation * np.sqrt(max(components, 2) / (2 * features))
    roots = np.stack(
        [np.eye(features) + np.tril(rng.normal(scale=0.5 / np.sqrt(features), size=(features, features)))] * components
    )
    roots = roots * rng.uniform(0.7, 1.3, size=(components, 1, 1))
    labels = rng.integers(components, size=rows)
    x = rng.normal(size=(rows, features))
    for component in range(components):
        here = labels == component
        x[here] = means[component] + x[here] @ roots[component].T
    covariances = start_values(np.stack([1.3 * root @ root.T for root in roots]), family)
    weights = rng.dirichlet(np.full(components, 50.0))
    return Problem(x, weights, means + rng.normal(scale=0.3, size=means.shape), covariances, family)


def start_values(matrices: np.ndarray, family: str) -> np.ndarray:
    """Covariance values of a family from one matrix a component."""
    variances = np.diagonal(matrices, axis1=1, axis2=2)
    return {
        "full": matrices,
        "tied": matrices.mean(axis=0),
        "diagonal": variances,
        "spherical": variances.mean(axis=1),
    }[family].copy()


def overlapping(rows: int, features: int = 2, separation: float = 1.0) -> Problem:
    """Two components of unit covariance `separation` standard deviations apart, where EM is slow; the start is off both."""
    rng = np.random.default_rng(3)
    means = np.zeros((2, features))
    means[1, 0] = separation
    x = rng.normal(size=(rows, features)) + means[rng.integers(2, size=rows)]
    start = means + np.array([[-0.5], [0.5]])
    return Problem(x, np.array([0.4, 0.6]), start, np.stack([np.eye(features)] * 2), "full")


def faithful(components: int) -> Problem:
    """Old Faithful, started from quantiles of the first feature."""
    return bundled("faithful", components)


def bundled(name: str, components: int) -> Problem:
    """A bundled data set, started from quantiles of the first feature."""
    x = np.asarray(gp.as_table(gp.datasets.load(name)).values)
    order = np.array_split(np.argsort(x[:, 0], kind="stable"), components)
    means = np.stack([x[each].mean(axis=0) for each in order])
    covariances = np.stack([np.cov(x.T) / components] * components)
    return Problem(x, np.full(components, 1 / components), means, covariances, "full")

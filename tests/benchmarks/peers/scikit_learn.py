"""scikit-learn's GaussianMixture."""

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from tests.benchmarks.problems import Problem

FAMILIES = {"full": "full", "tied": "tied", "diagonal": "diag", "spherical": "spherical"}


def estimator(problem: Problem, **options: Any) -> GaussianMixture:
    """One that starts where the problem says, without the term that scikit-learn adds to variances by default."""
    values = problem.covariances
    precisions = np.linalg.inv(values) if problem.family in ("full", "tied") else 1 / values
    start = {"weights_init": problem.weights, "means_init": problem.means, "precisions_init": precisions}
    given = {"reg_covar": 0.0, "covariance_type": FAMILIES[problem.family], **start, **options}
    return GaussianMixture(problem.components, **given)


class Steps:
    """EM steps one at a time, by the two methods that its own loop calls."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.estimator = estimator(problem)
        self.restart()

    def restart(self) -> None:
        """Back to the start."""
        self.estimator._initialize(self.problem.x, None)

    def one(self) -> dict[str, Any]:
        """Log-likelihood at the start, and the parameters after one step."""
        self.restart()
        mean = self.step()
        return {"log-likelihood": float(mean) * len(self.problem.x), **numbers(self.estimator)}

    def step(self) -> float:
        """E, then M; the mean log-likelihood before them."""
        mean, log_responsibilities = self.estimator._e_step(self.problem.x)
        self.estimator._m_step(self.problem.x, log_responsibilities)
        return mean


def fit(problem: Problem, **options: Any) -> GaussianMixture:
    """A whole fit; running into its limit of iterations is judged by what it found."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator(problem, **{"max_iter": 20_000, **options}).fit(problem.x)


def search(x: np.ndarray, components: range, starts: int, tolerance: float) -> dict[int, float]:
    """Log-likelihood of the best of some k-means starts, for each K."""
    found = {}
    for count in components:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            best = GaussianMixture(count, n_init=starts, tol=tolerance, max_iter=1000, random_state=0).fit(x)
        found[count] = float(best.score(x)) * len(x)
    return found


def numbers(found: GaussianMixture) -> dict[str, np.ndarray]:
    """Parameters by name."""
    return {"weights": found.weights_, "means": found.means_, "covariances": found.covariances_}

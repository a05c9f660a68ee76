"""gmmx: EM in JAX, in single precision only (it refuses double), full and diagonal covariances only."""

from typing import Any

import jax
import numpy as np

from tests.benchmarks.harness import Absent
from tests.benchmarks.problems import Problem

NOTE = "single precision, the only one that gmmx takes"
FAMILIES = {"full": "full", "diagonal": "diag"}


def load() -> Any:
    """The library, or `Absent`."""
    try:
        import gmmx
    except ImportError as error:
        raise Absent("gmmx is not installed") from error
    return gmmx


class Fits:
    """Fits from the problem's start, on data that are already JAX's."""

    def __init__(self, problem: Problem) -> None:
        if problem.family not in FAMILIES:
            raise Absent(f"gmmx has no {problem.family} covariances")
        library = load()
        self.fitter = library.EMFitter
        single = [np.asarray(each, np.float32) for each in (problem.means, problem.covariances, problem.weights)]
        self.x = jax.device_put(problem.x.astype(np.float32))
        self.start = library.GaussianMixtureModelJax.from_squeezed(*single, covariance_type=FAMILIES[problem.family])

    def fit(self, *, steps: int, tolerance: float) -> Any:
        """A fit; with tolerance 0 it takes exactly so many steps."""
        fitter = self.fitter(max_iter=steps, tol=tolerance, reg_covar=0.0)
        return jax.block_until_ready(fitter.fit(self.x, self.start))

    def one(self) -> dict[str, Any]:
        """Log-likelihood at the start, and the parameters after one step."""
        found = self.fit(steps=1, tolerance=0.0)
        return {"log-likelihood": float(found.log_likelihood) * len(self.x), **numbers(found.gmm)}


def numbers(found: Any) -> dict[str, np.ndarray]:
    """Parameters by name; weights, in double precision, sum to one."""
    weights = found.weights_numpy.astype(float)
    return {"weights": weights / weights.sum(), "means": found.means_numpy, "covariances": found.covariances.values_numpy}

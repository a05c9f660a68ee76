"""All calls of the benchmarks to gmm_ppl: where an interface changes, it is here that they follow."""

import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import gmm_ppl as gp
from gmm_ppl.compiled import compiler_options
from gmm_ppl.inference.em.accelerate import ACCELERATIONS
from gmm_ppl.inference.em.engine import Engine
from gmm_ppl.inference.em.method import EMPoint
from gmm_ppl.inference.prepared import prepare
from gmm_ppl.mixture.covariance import find_family
from gmm_ppl.mixture.data_pass import log_likelihood
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.rows import Rows, on_device, rows
from gmm_ppl.progress import silent
from gmm_ppl.records import map_arrays
from tests.benchmarks.harness import Absent
from tests.benchmarks.problems import Problem


class Steps:
    """EM steps at maximum likelihood from a problem's start, by the host's loop and the compiled pass of large data."""

    def __init__(self, problem: Problem) -> None:
        mixture = gp.Mixture(problem.components, problem.family, "flat")
        engine = Engine.of(prepare(mixture, problem.x), lanes=1, data_pass="jax")
        self.method, self.data_pass = engine.method, engine.data_pass
        begun = map_arrays(lambda leaf: np.asarray(leaf)[None], problem.start)
        with self.data_pass.session():
            self.first = self.method.start(self.method.position(begun))

    def after(self, count: int) -> EMPoint:
        """The point after some steps."""
        point = self.first
        with self.data_pass.session():
            for _ in range(count):
                point = self.method.step(point)
        return point

    def one(self) -> dict[str, Any]:
        """Log-likelihood at the start, and the parameters after one step."""
        found = map_arrays(lambda leaf: leaf[0], self.after(1).parameters)
        return {"log-likelihood": float(self.first.log_likelihood[0]), **numbers(found)}


def numbers(parameters: MixtureParameters) -> dict[str, np.ndarray]:
    """Parameters by name."""
    parts = parameters.covariance.sites
    covariances = next(iter(parts.values())) if len(parts) == 1 else parameters.covariances
    values = (parameters.weights, parameters.means, covariances)
    return dict(zip(("weights", "means", "covariances"), map(np.asarray, values), strict=True))


def total_log_likelihood(problem: Problem, weights: Any, means: Any, covariances: Any) -> float:
    """Of parameters that a peer found, in double precision, by our density of each row."""
    given = [np.asarray(each, float) for each in (weights, means, covariances)]
    if given[2].ndim == 3:
        given[2] = (given[2] + np.swapaxes(given[2], 1, 2)) / 2
    found = gp.mixture_parameters(*given, covariance=problem.family)
    return float(np.sum(gp.log_density(found, problem.x)))


def fit(problem: Problem, **options: Any) -> gp.PointFit:
    """`gp.fit` at maximum likelihood, from the problem's start unless another is given; an end short of convergence is
    judged by what it found, not by a warning.
    """
    unknown = set(options) - set(inspect.signature(gp.fit).parameters)
    if unknown:
        raise Absent(f"gmm_ppl.fit takes no {', '.join(sorted(unknown))} yet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gp.FitWarning)
        mixture = gp.Mixture(problem.components, problem.family, "flat")
        return gp.fit(mixture, problem.x, **{"start": problem.start, "progress": silent, "max_steps": 20_000, **options})


def accelerations() -> tuple[str, ...]:
    """Names of the ways in which `fit` can be made to need fewer passes."""
    return tuple(ACCELERATIONS)


def fit_range(x: np.ndarray, components: range, starts: int, tolerance: float) -> Mapping[int, gp.PointFit]:
    """Fits of a range of K in one call."""
    search = getattr(gp, "fit_range", None)
    if search is None:
        raise Absent("gmm_ppl has no fit_range yet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gp.FitWarning)
        mixture = gp.Mixture(components[0], "full", "flat")
        return search(mixture, x, components=components, starts=starts, tolerance=tolerance, progress=silent)


def marginal(problem: Problem) -> tuple[Callable[[dict, Rows], jax.Array], Rows, dict[str, str]]:
    """Log-likelihood as a function of a point (logits of the weights, means, Cholesky factors) and data; the data; and the
    options that the library compiles with.
    """
    with jax.enable_x64(True):
        data = on_device(rows(problem.x))
    return lambda point, prepared: log_likelihood(prepared, mixture_of(point)), data, compiler_options()


def mixture_of(point: dict) -> MixtureParameters:
    """The mixture at a point."""
    factor = jnp.tril(point["factors"])
    covariance = find_family("full")(factor @ jnp.swapaxes(factor, -1, -2))
    return MixtureParameters(jax.nn.softmax(point["logits"]), point["means"], covariance)


def sample(problem: Problem, point: gp.PointFit, *, seed: int, draws: int, chains: int = 4) -> dict[str, np.ndarray]:
    """NUTS under the weak prior, as it comes: draws (chain, draw, …) by name."""
    mixture = gp.Mixture(problem.components, problem.family)
    found = gp.sample(mixture, problem.x, start=point, seed=seed, chains=chains, draws=draws, progress=silent)
    return numbers(found.parameters)


def laplace(problem: Problem, point: gp.PointFit, *, seed: int, draws: int) -> dict[str, np.ndarray]:
    """The normal approximation, its draws drawn anew by importance: draws (1, draw, …) by name."""
    mixture = gp.Mixture(problem.components, problem.family)
    found = gp.laplace(mixture, problem.x, start=point, seed=seed, draws=draws, progress=silent)
    return numbers(found.resampled(seed=seed).parameters)


def mode(problem: Problem, start: object = None) -> gp.PointFit:
    """The maximum a posteriori under the weak prior, where samplers begin, from the problem's start unless told otherwise."""
    mixture = gp.Mixture(problem.components, problem.family)
    return gp.fit(mixture, problem.x, start=start or problem.start, progress=silent)

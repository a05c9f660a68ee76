"""`fit`: from a mixture and data to the best of several EM runs."""

import warnings
from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl.compiled import compiled
from gmm_ppl.data.tables import as_table, check_enough_rows
from gmm_ppl.errors import FitError, FitWarning, InputError
from gmm_ppl.inference.accelerate import AcceleratedPoint, QuasiNewton, accelerated, em_points
from gmm_ppl.inference.arguments import check_between, check_count
from gmm_ppl.inference.base import PointFit, Restarts, Status
from gmm_ppl.inference.em import EM, EMPoint, em
from gmm_ppl.inference.loop import RUNNING, STATUSES, Progression, run
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.posterior import posterior
from gmm_ppl.model.specification import Mixture, resolved_prior
from gmm_ppl.progress import Progress, watched
from gmm_ppl.starts import starting_parameters
from gmm_ppl.types import in_float64, to_numpy

SAME_OPTIMUM = 1e-6
"""Optima whose objectives differ by less than this, in nats a row, are counted as one."""


@in_float64
def fit(
    mixture: Mixture,
    data: object,
    *,
    seed: int = 0,
    starts: int = 20,
    start: object = "kmeans",
    tolerance: float = 1e-10,
    max_steps: int = 1000,
    acceleration: str | None = None,
    progress: Progress | None = None,
) -> PointFit:
    """The maximum-a-posteriori point of a mixture (maximum likelihood under `prior="flat"`), by EM from several starts.

    MAP is the mode of the density of weights, means and covariance matrices with respect to Lebesgue measure on those, as in
    mclust; other coordinates have other modes.

    Args:
        mixture: the specification.
        data: rows (N, D): an array, a data frame, a path, a `Table`.
        seed: of the random starts.
        starts: how many; the best is kept.
        start: kmeans, random, or one given start (`starts.given.given_start`), which then is the only one.
        tolerance: stop when what EM would still gain is below this, in nats a row.
        max_steps: EM steps a start at most, each one pass over the data.
        acceleration: None is plain EM; quasi_newton takes fewer steps, many times fewer where components overlap, and seconds
            more to compile.
        progress: called as it goes on; by default bars are shown on a terminal. `gmm_ppl.progress.silent` shows nothing.

    Raises:
        InputError: data, hyperparameters or arguments that cannot be used.
        FitError: no start gave finite parameters.

    Warns:
        FitWarning: the best start did not converge (`status` says how it ended), or a component was left without rows.
    """
    check_arguments(starts, tolerance, max_steps)
    table = as_table(data)
    check_enough_rows(table, mixture.components)
    resolved = mixture.resolve(table.values)
    check_mode(resolved)
    target = posterior(resolved, table)
    method: Any = accelerated(em(target, jnp.asarray(data_scale(table.values).deviations)), acceleration)
    first = first_points(method, starting_parameters(target, start=start, starts=starts, seed=seed))
    with watched(progress) as watching:
        states = run(method, first, tolerance=tolerance, max_steps=max_steps, progress=watching, stage="EM")
    return announced(best_fit(resolved, to_numpy(eqx.tree_at(lambda each: each.point, states, em_points(states.point)))))


def check_arguments(starts: int, tolerance: float, max_steps: int) -> None:
    """Refuse counts below one and a tolerance that is not a positive number."""
    check_count("starts", starts)
    check_count("max_steps", max_steps)
    check_between("tolerance", tolerance, 0, np.inf)


def check_mode(mixture: Mixture) -> None:
    """Refuse a prior whose density is infinite where a weight is zero."""
    if not resolved_prior(mixture).bounded():
        raise InputError(
            "prior: a concentration below 1 puts infinite density where a weight is 0, so there is no mode for EM to find. Use "
            "at least 1 for EM."
        )


@compiled
def first_points(method: EM | QuasiNewton, parameters: MixtureParameters) -> EMPoint | AcceleratedPoint:
    """The first point of every start."""
    return jax.vmap(method.start)(parameters)


def best_fit(mixture: Mixture, states: Progression[EMPoint]) -> PointFit:
    """The best start as a `PointFit`, with what became of all of them."""
    restarts = summarise(states)
    point = jax.tree.map(lambda leaf: leaf[restarts.best], states.point)
    return PointFit(
        mixture=mixture,
        parameters=point.parameters,
        sites=point.sites,
        log_likelihood=float(point.log_likelihood),
        log_prior=float(point.log_prior),
        status=restarts.status[restarts.best],
        iterations=int(restarts.iterations[restarts.best]),
        restarts=restarts,
    )


def summarise(states: Progression[EMPoint]) -> Restarts:
    """What each start came to. A start that was still running when it was interrupted has reached no limit of its own."""
    status = tuple(Status.INTERRUPTED if code == RUNNING else STATUSES[code] for code in states.status.tolist())
    likelihood = np.asarray(states.point.log_likelihood)
    objective = likelihood + states.point.log_prior
    usable = np.array([each.usable for each in status])
    ranked = np.where(np.isfinite(objective), objective, -np.inf)
    best = int(np.lexsort((ranked, usable))[-1])
    longest = int(states.iteration.max()) + 1
    optimum = number_optima(ranked, usable, SAME_OPTIMUM * states.point.statistics.count[best].sum())
    return Restarts(objective, likelihood, np.asarray(states.iteration), status, states.trace[:, :longest], optimum, best)


def number_optima(objective: np.ndarray, usable: np.ndarray, gap: float) -> np.ndarray:
    """Number distinct optima from 0, the best, by gaps in the sorted objectives; −1 for unusable starts."""
    numbers = np.full(objective.size, -1)
    order = np.flatnonzero(usable)[np.argsort(-objective[usable], kind="stable")]
    if order.size:
        numbers[order] = np.concatenate([[0], np.cumsum(-np.diff(objective[order]) > gap)])
    return numbers


def announced(found: PointFit) -> PointFit:
    """The fit, after an error or the warnings that it calls for."""
    if found.status is Status.NON_FINITE or not np.isfinite(found.objective):
        raise FitError(f"EM: {found.status.value}")
    for caution in cautions(found):
        warnings.warn(f"EM: {caution}", FitWarning, stacklevel=4)
    return found


def cautions(found: PointFit) -> Iterator[str]:
    """What a reader of the fit must know: an end other than convergence, components without rows."""
    if found.status is not Status.CONVERGED:
        alike = sum(each is found.status for each in found.restarts.status)
        yield f"{found.status.value} ({alike} of {len(found.restarts.status)} starts ended so.)"
    if found.empty:
        yield (
            f"No rows are left to component {', '.join(map(str, found.empty))}, counting from 0: take fewer components, or a "
            "prior with a concentration above 1, which keeps every weight above 0."
        )

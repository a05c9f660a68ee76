"""From what became of all starts to the best of them, and what a reader of the fit must know."""

import warnings
from collections.abc import Iterator

import jax
import numpy as np

from gmm_ppl.errors import FitError, FitWarning
from gmm_ppl.inference.base import PointFit, Restarts, Status
from gmm_ppl.inference.em import EMPoint
from gmm_ppl.inference.loop import RUNNING, STATUSES, Progression
from gmm_ppl.model.specification import Mixture

SAME_OPTIMUM = 1e-6
"""Optima whose objectives differ by less than this, in nats a row, are counted as one."""


def best_fit(mixture: Mixture, states: Progression[EMPoint]) -> PointFit:
    """The best start as a `PointFit`, with what became of all of them."""
    restarts = summarise(states)
    return fit_of_start(mixture, states, restarts, restarts.best)


def fit_of_start(mixture: Mixture, states: Progression[EMPoint], restarts: Restarts, place: int) -> PointFit:
    """What one start came to as a `PointFit`."""
    point = jax.tree.map(lambda leaf: leaf[place], states.point)
    return PointFit(
        mixture=mixture,
        parameters=point.parameters,
        sites=point.sites,
        log_likelihood=float(point.log_likelihood),
        log_prior=float(point.log_prior),
        status=restarts.status[place],
        iterations=int(restarts.iterations[place]),
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


def announced(found: PointFit, what: str = "EM") -> PointFit:
    """The fit, after an error or the warnings that it calls for."""
    if found.status is Status.NON_FINITE or not np.isfinite(found.objective):
        raise FitError(f"{what}: {found.status.value}")
    for caution in cautions(found):
        warnings.warn(f"{what}: {caution}", FitWarning, stacklevel=4)
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

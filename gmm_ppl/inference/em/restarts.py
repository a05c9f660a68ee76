"""From what became of all starts to the best of them, and what a reader of the fit must know."""

import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gmm_ppl.errors import FitError, FitWarning
from gmm_ppl.inference.base import PointFit, Restarts, Status
from gmm_ppl.inference.em.cautions import cautions
from gmm_ppl.inference.em.engine import Climbs
from gmm_ppl.inference.em.loop import RUNNING, STATUSES
from gmm_ppl.inference.prepared import Prepared
from gmm_ppl.mixture.parameters import from_sites, permute
from gmm_ppl.model.specification import resolved_prior
from gmm_ppl.priors.labels import why_labels_matter

MOST = 8
"""Optima that a fit keeps."""

SAME_OPTIMUM = 1e-6
"""Optima whose objectives differ by less than this, in nats a row, are counted as one."""


def best_fit(prepared: Prepared, found: tuple[Climbs, tuple[str, ...]]) -> PointFit:
    """The best start as a `PointFit`, with what became of all of them; `found` is what they came to, and where each began."""
    climbs, kinds = found
    restarts = summarise(climbs, float(prepared.rows.total), kinds)
    best = in_order(point_of_start(prepared, climbs, restarts, restarts.best))
    return replace(best, cautions=tuple(cautions(prepared, best)), rivals=tuple(rivals_of(prepared, climbs, restarts)))


def rivals_of(prepared: Prepared, climbs: Climbs, restarts: Restarts) -> Iterator[PointFit]:
    """The next highest optima, spikes apart, that may weigh as much as the best.

    Where an optimum lies P nats below the best, each of P coordinates would have to be e times as uncertain there.
    """
    for place in firsts(restarts.optimum)[1:MOST]:
        below = restarts.objective[restarts.best] - restarts.objective[place]
        if not climbs.spurious[place] and below <= prepared.shape.n_parameters:
            yield in_order(point_of_start(prepared, climbs, restarts, place))


def firsts(number: np.ndarray) -> list[int]:
    """The first start in each optimum, or mode, numbered from 0."""
    return [int(np.flatnonzero(number == each)[0]) for each in range(number.max(initial=-1) + 1)]


def point_of_start(prepared: Prepared, climbs: Climbs, restarts: Restarts, place: int) -> PointFit:
    """What one start came to, its components as it began with them."""
    one = climbs.take(place)
    return PointFit(
        mixture=prepared.mixture,
        parameters=from_sites(one.parameters.sites, prepared.shape.family),
        sites=one.sites,
        log_likelihood=float(one.log_likelihood),
        log_prior=float(one.log_prior),
        status=restarts.status[place],
        iterations=int(restarts.iterations[place]),
        restarts=restarts,
        row_weights=prepared.weights,
    )


def in_order(found: PointFit) -> PointFit:
    """Components by their first feature's mean, ties by the next; as they are where a prior may tell them apart."""
    if why_labels_matter(resolved_prior(found.mixture)) or set(found.sites) != set(found.parameters.sites):
        return found
    ordered = permute(found.parameters, np.lexsort(found.parameters.means.T[::-1]))
    return replace(found, parameters=ordered, sites=ordered.sites)


def summarise(climbs: Climbs, total: float, kinds: tuple[str, ...]) -> Restarts:
    """What each start came to. A start that was still running when it was interrupted has reached no limit of its own."""
    status = tuple(Status.INTERRUPTED if code == RUNNING else STATUSES[code] for code in climbs.status.tolist())
    optimum = number_optima(climbs, SAME_OPTIMUM * total)
    return Restarts(
        climbs.objective,
        climbs.log_likelihood,
        climbs.iteration,
        status,
        climbs.trace,
        optimum,
        int(climbs.ranked[0]),
        kinds,
    )


def number_optima(climbs: Climbs, gap: float) -> np.ndarray:
    """Number distinct optima from 0, the best, by gaps in the ranked objectives; −1 for unusable starts.

    A spike is an optimum of its own, at whatever height.
    """
    numbers = np.full(climbs.objective.size, -1)
    order = climbs.ranked[: climbs.usable.sum()]
    if order.size:
        apart = (np.abs(np.diff(climbs.objective[order])) > gap) | np.diff(climbs.spurious[order])
        numbers[order] = np.concatenate([[0], np.cumsum(apart)])
    return numbers


def announced(found: PointFit, what: str = "EM") -> PointFit:
    """The fit, after an error or the warnings that it calls for."""
    if found.status is Status.NON_FINITE or not np.isfinite(found.objective):
        raise FitError(f"{what}: {found.status.value}")
    for caution in found.cautions:
        warnings.warn(f"{what}: {caution}", FitWarning, stacklevel=3)
    return found

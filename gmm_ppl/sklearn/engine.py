"""From rows and starts to a `PointFit`: the engine of `gmm_ppl.fit`, entered where rows are already known to be good."""

from dataclasses import replace

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.inference.base import PointFit
from gmm_ppl.inference.em.engine import Engine
from gmm_ppl.inference.em.loop import settled
from gmm_ppl.inference.em.method import THINNEST
from gmm_ppl.inference.em.restarts import point_of_start, summarise
from gmm_ppl.inference.prepared import Prepared
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.progress import Progress

SINGULAR = (
    "the covariance of a component is singular where EM would begin: its rows are too few, or lie in a plane, or a column is "
    "constant or a copy. Raise reg_covar, take fewer components or another covariance_type or init_params, or leave such "
    "columns out."
)


def best_point(
    prepared: Prepared, starts: MixtureParameters, kind: str, *, tolerance: float, max_steps: int, progress: Progress
) -> PointFit:
    """EM from every start (a leading axis), and the best of them, its components as it began with them.

    Raises:
        InputError: even the best is singular, as it was where it began.
    """
    engine = Engine.of(prepared, lanes=len(starts.weights), tolerance=tolerance, max_steps=max_steps)
    climbs = engine.climb(starts, progress=progress)
    # As scikit-learn has it, the highest wins, be it a spike on a few rows.
    climbs = replace(climbs, spurious=np.zeros_like(climbs.spurious))
    restarts = summarise(climbs, float(prepared.rows.total), (kind,) * len(starts.weights))
    found = point_of_start(prepared, climbs, restarts, restarts.best)
    with np.errstate(all="ignore"):
        sound = found.parameters.covariance.thinnest(prepared.scale.deviations) > THINNEST
    if not sound or not np.isfinite(objectives(found)).all():
        raise InputError(SINGULAR)
    return found


def objectives(fit: PointFit) -> np.ndarray:
    """The objective at the best start and after each step from there, in nats, (iterations + 1,)."""
    return fit.restarts.trace[fit.restarts.best][: fit.iterations + 1]


def has_settled(trace: np.ndarray, tolerance: float, total: float) -> bool:
    """Whether plain EM with these objectives (nats) has no more than `tolerance` a row to gain, by the loop's own rule."""
    if len(trace) < 3:
        return False
    last, gain = np.diff(trace[-3:])
    # More than within one run: where a run begins, factors are those of the covariances it was given, and not the M-step's.
    rounding = 16 * np.finfo(float).eps * (abs(trace[-1]) + total)
    return bool(settled(gain, last, rounding, np.float64(tolerance * total)))

"""The one loop for iterative fits: many starts at once, stopping rules, statuses, progress and interruption."""

import time
from abc import ABC, abstractmethod
from typing import Any, TypeVar

import numpy as np

from gmm_ppl.inference.base import Status
from gmm_ppl.namespace import namespace
from gmm_ppl.progress import Progress
from gmm_ppl.records import Record, always, map_arrays, select
from gmm_ppl.types import Array, Bool, Float, Int

Point = TypeVar("Point")
STATUSES = tuple(Status)
RUNNING = len(STATUSES)

SECONDS_A_REPORT = 0.1
"""Progress is shown no more often."""


class AbstractIteration[Point](ABC):
    """A method that improves points step by step; `run` does the rest. A point is a record, of several starts along leading axes.

    Everything is written against the array namespace of the points, so that `run` calls it in NumPy and `pure_em` in JAX.
    A start is a position of the `m_step`; an `exact` method is done after one step. `total` is the row weight Σ_i w_i, since
    tolerances are a row's; `digits` the relative rounding of the objective.
    """

    total: Any
    digits: float
    m_step: Any
    exact: bool = False

    @abstractmethod
    def start(self, position: Any) -> Point:
        """The first point, evaluated."""

    @abstractmethod
    def step(self, point: Point) -> Point:
        """The next point."""

    @abstractmethod
    def em_point(self, point: Point) -> Any:
        """What EM knows of a point: its parameters, densities and objective."""

    @abstractmethod
    def collapsed(self, point: Point) -> Bool[Array, "..."]:
        """Whether the point has left the parameters for which the objective means anything."""

    @abstractmethod
    def rounding(self, point: Point) -> Float[Array, "..."]:
        """Nats by which rounding may move the objective at a point."""

    def objective(self, point: Point) -> Float[Array, "..."]:
        """What the method climbs, in nats, at this very point."""
        return self.em_point(point).objective

    def last_digits(self, point: Point) -> Float[Array, "..."]:
        """Nats below which two values of the objective cannot be told apart."""
        return 4 * self.digits * (abs(self.objective(point)) + self.total) + self.em_point(point).hidden

    @abstractmethod
    def settled(self, point: Point, gain: Array, last_gain: Array, floor: Array) -> Bool[Array, "..."]:
        """Whether no more than `floor` nats are to be gained after `point`, reached by gains `last_gain` and then `gain`."""


class Progression[Point](Record):
    """The state of starts. `status` is a position in `STATUSES`, or RUNNING; `objective` and `gain` are in nats."""

    point: Point
    objective: Float[Array, "..."]
    gain: Float[Array, "..."]
    iteration: Int[Array, "..."]
    status: Int[Array, "..."]


def begin[Point](method: AbstractIteration[Point], position: Any) -> Progression[Point]:
    """The state of all starts, evaluated where they begin."""
    point = method.start(position)
    objective = method.objective(point)
    xp, zeros = namespace(objective), namespace(objective).zeros_like(objective, dtype=int)
    status = first_that_holds(
        xp, RUNNING + zeros, (method.collapsed(point), Status.COLLAPSED), (~xp.isfinite(objective), Status.NON_FINITE)
    )
    return Progression(point, objective, 0 * objective + np.inf, zeros, status)


def advance[Point](method: AbstractIteration[Point], state: Progression[Point], tolerance: Array) -> Progression[Point]:
    """One step, and the status that follows from it. A step that fails is not taken: the last good point stays."""
    point = method.step(state.point)
    objective = method.objective(point)
    gain = objective - state.objective
    status = judge(method, point, objective, gain, state, tolerance)
    # A last step that goes down within rounding counts as well: at the top the objective is too flat to tell, and a point
    # is good to √ε only, while the step has brought it nearer.
    kept = (status == RUNNING) | (status == STATUSES.index(Status.CONVERGED))
    return Progression(
        select(kept, point, state.point),
        select(kept, objective, state.objective),
        gain,
        state.iteration + kept,
        status,
    )


def judge[Point](
    method: AbstractIteration[Point], point: Point, objective: Array, gain: Array, state: Progression[Point], tolerance: Array
) -> Int[Array, "..."]:
    """The status after a step whose objective rose by `gain`."""
    xp, collapsed, running = namespace(objective), method.collapsed(point), 0 * state.status + RUNNING
    floor = xp.maximum(tolerance * method.total, method.last_digits(point))
    if not method.exact and always((gain > floor) & (gain < np.inf) & ~collapsed):
        return running
    return first_that_holds(
        xp,
        running,
        (collapsed, Status.COLLAPSED),
        (~xp.isfinite(objective), Status.NON_FINITE),
        (fell(method, point, gain, state), Status.DECREASED),
        (method.settled(point, gain, state.gain, tolerance * method.total), Status.CONVERGED),
    )


def fell[Point](method: AbstractIteration[Point], point: Point, gain: Array, state: Progression[Point]) -> Bool[Array, "..."]:
    """Whether the objective is lower than before by more than rounding explains, of either of the two values."""
    down = gain < 0
    return down if always(~down) else gain < -(method.rounding(state.point) + method.rounding(point))


def first_that_holds(xp: Any, otherwise: Array, *ends: tuple[Array, Status]) -> Int[Array, "..."]:
    """The position of the first status whose test holds."""
    code = otherwise
    for test, status in reversed(ends):
        code = xp.where(test, STATUSES.index(status), code)
    return code


def settled(gain: Array, last_gain: Array, rounding: Array, tolerance: Array) -> Bool[Array, "..."]:
    """Whether this gain, and all gains that would follow, are within the tolerance, or within `rounding` of the objective.

    EM's gains shrink by a steady factor ρ, so what is still to come is about gain · ρ / (1 − ρ) (Aitken's estimate; Böhning et
    al. 1994, doi:10.1007/BF01720593). Stopping on the gain alone, as mclust and scikit-learn do, stops short by that much
    wherever components overlap and ρ is close to 1. Both gains must be small: from a large one to a small one ρ is that of
    what has died away, and a saddle that is being left, where gains grow, looks like a top.
    """
    xp = namespace(gain, rounding)
    floor = xp.maximum(tolerance, rounding)
    ratio = xp.clip(gain / xp.where(last_gain > 0, last_gain, 1), 0, 1)
    remaining = gain * ratio / xp.maximum(1 - ratio, 1e-12)
    steady = (last_gain > 0) & (last_gain <= floor) & (remaining <= floor)
    return (gain <= floor) & (steady | (gain <= rounding))


class Ends[Point](Record):
    """What S starts came to: their states, RUNNING where Ctrl-C came, and the objective at each iteration (S, T), NaN beyond."""

    states: Progression[Point]
    trace: Float[Array, "S T"]


def run[Point](
    method: AbstractIteration[Point],
    position: Any,
    *,
    tolerance: float,
    max_steps: int,
    progress: Progress,
    stage: str,
) -> Ends[Point]:
    """All starts (a leading axis of `position`) to their ends, or as far as Ctrl-C lets them.

    Those that have ended leave the batch. An interruption before the first step has nothing to keep and is passed on.
    """
    with np.errstate(all="ignore"):
        states = active = begin(method, position)
        trace = np.full((states.status.size, max_steps + 1), np.nan)
        trace[:, 0] = states.objective
        running, reports = np.arange(states.status.size), Reports(progress, stage)
        try:
            for step in range(max_steps):
                going = active.status == RUNNING
                if not going.all():
                    states = replaced(states, running, active)
                    running, active = running[going], map_arrays(lambda leaf, going=going: leaf[going], active)
                if not running.size:
                    break
                reports(states.status.size - running.size, active, trace, step)
                moved = advance(method, active, np.asarray(tolerance))
                trace[running, moved.iteration] = moved.objective
                active = moved
            states = replaced(states, running, active)
            states.status[states.status == RUNNING] = STATUSES.index(Status.STEP_LIMIT)
        except KeyboardInterrupt:
            states = replaced(states, running, active)
            if not states.iteration.any():
                raise
        reports.last(int((states.status != RUNNING).sum()), states, trace)
    return Ends(states, trace)


def replaced[Point](states: Progression[Point], chosen: Int[np.ndarray, " L"], moved: Progression[Point]) -> Progression[Point]:
    """All starts, the chosen ones, which are in order, as they are now."""
    if chosen.size == states.status.size:
        return moved

    def put(leaf: np.ndarray, new: np.ndarray) -> np.ndarray:
        whole = leaf.copy()
        whole[chosen] = new
        return whole

    return map_arrays(put, states, moved)


class Reports:
    """Progress of a run: how many starts have ended, and the best objective so far."""

    def __init__(self, progress: Progress, stage: str) -> None:
        self.progress, self.stage, self.shown = progress, stage, -np.inf

    def __call__(self, ended: int, active: Progression, trace: np.ndarray, step: int) -> None:
        """Report, unless it was just done."""
        if time.monotonic() - self.shown > SECONDS_A_REPORT:
            self.last(ended, active, trace, "starting" if step == 0 else "")

    def last(self, ended: int, active: Progression, trace: np.ndarray, note: str = "") -> None:
        """Report."""
        best = np.max(trace, initial=-np.inf, where=np.isfinite(trace))
        said = note or f"iteration {active.iteration.max()}, best objective {best:.4f}"
        self.progress(self.stage, ended, len(trace), said)
        self.shown = time.monotonic()

"""The one loop for iterative fits: many starts at once, stopping rules, statuses, progress and interruption."""

import time
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl.compiled import compiled
from gmm_ppl.inference.base import Status
from gmm_ppl.progress import Progress
from gmm_ppl.types import Array, Bool, Float, Int

Point = TypeVar("Point")
STATUSES = tuple(Status)
RUNNING = len(STATUSES)

SHORT_WORK = 2**17
"""Numbers gone through, rows × components × steps, that take about a millisecond: less is not worth a segment of its own."""

LEAST_TRACE = 128
"""Iterations that there is always room for."""

SECONDS_A_SEGMENT = 0.3
"""Progress is shown and Ctrl-C heeded between segments of about this length."""


class AbstractIteration[Point](eqx.Module):
    """A method that improves a point step by step; `run` does the rest.

    A first point is only a place to begin: the first step evaluates it, so that one program does everything.
    """

    @abstractmethod
    def step(self, point: Point) -> Point:
        """The next point, or the first one evaluated."""

    @abstractmethod
    def objective(self, point: Point) -> Float[Array, ""]:
        """What the method climbs, in nats, at this very point."""

    @abstractmethod
    def collapsed(self, point: Point) -> Bool[Array, ""]:
        """Whether the point has left the parameters for which the objective means anything."""

    @abstractmethod
    def rounding(self, point: Point) -> Float[Array, ""]:
        """Nats by which rounding may move the objective at a point; a drop of no more is none."""

    @abstractmethod
    def rows(self) -> Float[Array, ""]:
        """Total row weight: the tolerance is per row, so that it means the same for any N."""

    def digits(self) -> float:
        """Relative rounding of the objective: a change of a few times this is none."""
        return float(np.finfo(np.float64).eps)

    def work(self) -> int:
        """Numbers that a step goes through, rows × components: it tells how many steps are worth a look at the clock."""
        return SHORT_WORK

    def settled(self, point: Point, gain: Array, last_gain: Array, floor: Array) -> Bool[Array, ""]:
        """Whether no more than `floor` nats are to be gained after `point`, reached by gains `last_gain` and then `gain`.

        Aitken's rule, which is right where gains shrink by a steady factor; a method whose gains do not says so itself.
        """
        return settled(gain, last_gain, 4 * self.digits() * jnp.abs(self.objective(point)), floor)


class Progression[Point](eqx.Module):
    """The state of one start. `status` is a position in `STATUSES`, or RUNNING; `iteration` −1 before the first evaluation."""

    point: Point
    gain: Float[Array, ""]
    iteration: Int[Array, ""]
    status: Int[Array, ""]
    trace: Float[Array, " T"]


def begin[Point](points: Point, max_steps: int) -> Progression[Point]:
    """The state of all starts before anything is evaluated."""
    lanes = jax.tree.leaves(points)[0].shape[0]
    # A power of two at least, so that one program serves many limits. NumPy, because every operation of JAX outside a compiled
    # function is a program to compile.
    trace = np.full((lanes, max(LEAST_TRACE, 1 << max_steps.bit_length())), np.nan)
    return Progression(points, np.full(lanes, np.inf), np.full(lanes, -1), np.full(lanes, RUNNING), trace)


def advance[Point](method: AbstractIteration[Point], state: Progression[Point], tolerance: Array) -> Progression[Point]:
    """One step, and the status that follows from it. A step that fails is not taken: the last good point stays."""
    first = state.iteration < 0
    old = jnp.where(first, -jnp.inf, state.trace[state.iteration])
    point = method.step(state.point)
    objective = method.objective(point)
    gain = objective - old
    status = judge(method, point, objective, gain, state, tolerance)
    kept = first | (status == RUNNING) | (status == STATUSES.index(Status.CONVERGED))
    # A last step that goes down within rounding counts as well: at the top the objective is too flat to tell, and a point
    # is good to √ε only, while the step has brought it nearer.
    iteration = jnp.where(kept, state.iteration + 1, state.iteration)
    return Progression(
        jax.tree.map(lambda new, last: jnp.where(kept, new, last), point, state.point),
        gain,
        iteration,
        status,
        state.trace.at[iteration].set(jnp.where(kept, objective, old)),
    )


def judge[Point](
    method: AbstractIteration[Point], point: Point, objective: Array, gain: Array, state: Progression[Point], tolerance: Array
) -> Int[Array, ""]:
    """The status after a step whose objective rose by `gain`."""
    ends = (
        (method.collapsed(point), Status.COLLAPSED),
        (~jnp.isfinite(objective), Status.NON_FINITE),
        (gain < -method.rounding(point), Status.DECREASED),
        (method.settled(point, gain, state.gain, tolerance * method.rows()), Status.CONVERGED),
    )
    codes = [jnp.array(STATUSES.index(status)) for _, status in ends]
    # A status of JAX's weak type would make the second call of `segment` another program than the first.
    return jnp.select([test for test, _ in ends], codes, jnp.array(RUNNING)).astype(state.status.dtype)


def settled(gain: Array, last_gain: Array, rounding: Array, tolerance: Array) -> Bool[Array, ""]:
    """Whether this gain, and all gains that would follow, are within the tolerance, or within `rounding` of the objective.

    EM's gains shrink by a steady factor ρ, so what is still to come is about gain · ρ / (1 − ρ) (Aitken's estimate; Böhning et
    al. 1994, doi:10.1007/BF01720593). Stopping on the gain alone, as mclust and scikit-learn do, stops short by that much
    wherever components overlap and ρ is close to 1. Both gains must be small: from a large one to a small one ρ is that of
    what has died away, and a saddle that is being left, where gains grow, looks like a top.
    """
    floor = jnp.maximum(tolerance, rounding)
    ratio = jnp.clip(gain / jnp.where(last_gain > 0, last_gain, 1), 0, 1)
    remaining = gain * ratio / jnp.maximum(1 - ratio, 1e-12)
    steady = (last_gain > 0) & (last_gain <= floor) & (remaining <= floor)
    return (gain <= floor) & (steady | (gain <= rounding))


@compiled
def segment[Point](
    shared: AbstractIteration[Point], own: AbstractIteration[Point], states: Progression[Point], tolerance: Array, limit: Array
) -> Progression[Point]:
    """Advance every running start until it ends or reaches iteration `limit`."""

    def lane(method: AbstractIteration[Point], state: Progression[Point]) -> Progression[Point]:
        return jax.lax.while_loop(
            lambda each: (each.status == RUNNING) & (each.iteration < limit),
            lambda each: advance(method, each, tolerance),
            state,
        )

    return for_lanes(lane, shared, own, states)


def for_lanes[Point](
    function: Callable[[Any, Any], Any], shared: AbstractIteration[Point], own: AbstractIteration[Point], each: Any
) -> Any:
    """`function(method, …)` for every lane, one after another.

    Side by side they were no faster at any size that was tried, twice as slow at 1000 × 10, K = 5, and a fifth more to compile:
    a lane alone costs nothing once it has ended, and a pass is too little for a batch only where it is too little to matter.
    """

    def one(lane: tuple[Any, Any]) -> Any:
        return function(eqx.combine(shared, lane[0]), lane[1])

    return jax.lax.map(one, (own, each))


def run[Point](
    method: AbstractIteration[Point],
    points: Point,
    *,
    own: Any = None,
    tolerance: float,
    max_steps: int,
    progress: Progress,
    stage: str,
) -> Progression[Point]:
    """All starts (a leading axis of `points`) to their ends, or as far as Ctrl-C lets them: those are left RUNNING.

    `own` holds what a start's method does not share with the others', with a leading axis as well, where `method` has None.
    An interruption before the first segment is done has nothing to keep and is passed on.
    """
    own = jax.tree.map(lambda _: None, method) if own is None else own
    states = begin(points, max_steps)
    report(states, progress, stage)
    limit, length = 0, max(1, SHORT_WORK // method.work())
    try:
        while np.any(np.asarray(states.status) == RUNNING):
            limit, started = min(limit + length, max_steps), time.monotonic()
            states = jax.block_until_ready(segment(method, own, states, np.asarray(tolerance), np.asarray(limit)))
            states = at_limit(states) if limit == max_steps else states
            report(states, progress, stage)
            length = next_length(length, time.monotonic() - started)
    except KeyboardInterrupt:
        if np.all(states.iteration < 1):
            raise
    return states


def at_limit[Point](states: Progression[Point]) -> Progression[Point]:
    """The states with those that are still running at the last step."""
    status = np.asarray(states.status)
    ended = np.where(status == RUNNING, STATUSES.index(Status.STEP_LIMIT), status).astype(status.dtype)
    return eqx.tree_at(lambda each: each.status, states, ended)


def next_length(length: int, seconds: float) -> int:
    """Twice as many steps a segment while segments are short, half as many when they are long."""
    if seconds < SECONDS_A_SEGMENT / 2:
        return length * 2
    return max(1, length // 2) if seconds > SECONDS_A_SEGMENT * 2 else length


def report[Point](states: Progression[Point], progress: Progress, stage: str) -> None:
    """How many starts have ended, and the best objective so far."""
    # NumPy, because every operation of JAX outside a compiled function is a program to compile.
    status, trace = np.asarray(states.status), np.asarray(states.trace)
    best = np.max(trace, initial=-np.inf, where=np.isfinite(trace))
    iteration = np.asarray(states.iteration).max()
    note = "starting" if iteration < 0 else f"iteration {iteration}, best objective {best:.4f}"
    progress(stage, int((status != RUNNING).sum()), status.size, note)

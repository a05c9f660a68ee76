"""The loop on scripted objectives: when it stops, what it keeps, what it says while it runs."""

import jax.numpy as jnp
import numpy as np
import pytest

from gmm_ppl.inference.base import Status
from gmm_ppl.inference.loop import RUNNING, SECONDS_A_SEGMENT, STATUSES, AbstractIteration, next_length, run
from gmm_ppl.progress import silent
from gmm_ppl.types import Array

LENGTH, MAX_STEPS = 200, 150

pytestmark = pytest.mark.usefixtures("x64")


class Scripted(AbstractIteration[Array]):
    """A point is a place in a table of objectives, and a step goes one further."""

    table: Array
    collapse_at: Array

    def step(self, point):
        return point + 1

    def objective(self, point):
        return self.table[point]

    def collapsed(self, point):
        return point == self.collapse_at

    def rounding(self, point):
        return jnp.array(1e-12)

    def rows(self):
        return jnp.array(2.0)


def play(objectives, *, starts=(0,), tolerance=1e-6, collapse_at=-1, progress=silent):
    """Run a table of objectives, its last value repeated, from places in it; the states as NumPy arrays."""
    table = np.full(LENGTH, objectives[-1], float)
    table[: len(objectives)] = objectives
    method = Scripted(jnp.asarray(table), jnp.asarray(collapse_at))
    return run(method, jnp.array(starts) - 1, tolerance=tolerance, max_steps=MAX_STEPS, progress=progress, stage="EM")


def ends(states):
    return [Status.INTERRUPTED if code == RUNNING else STATUSES[code] for code in states.status.tolist()]


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8, 0.9])
@pytest.mark.parametrize("tolerance", [1e-2, 1e-5])
def test_what_is_left_to_gain_is_below_the_tolerance(rate, tolerance):
    left = 100 * rate ** np.arange(LENGTH)
    states = play(-1000 - left, tolerance=tolerance)
    place = int(states.point[0])
    assert ends(states) == [Status.CONVERGED]
    per_run = tolerance * 2  # two rows
    assert left[place] <= per_run * (1 + 1e-6)
    gains = left[place - 3 : place - 1] - left[place - 2 : place]
    assert max(left[place - 1], *gains) > per_run, "it could have stopped a step before"


def test_a_gain_that_still_grows_is_no_end():
    climb = 1 / (1 + np.exp(-(np.arange(LENGTH) - 60.0) / 2))
    states = play(climb)
    assert ends(states) == [Status.CONVERGED]
    assert float(states.trace[0][int(states.iteration[0])]) == pytest.approx(1, abs=1e-5)


def test_steady_gains_never_converge():
    states = play(-1e-7 * np.arange(LENGTH)[::-1], tolerance=1e-6)
    assert ends(states) == [Status.STEP_LIMIT]
    assert states.iteration.tolist() == [MAX_STEPS]


def test_converging_on_the_last_step_is_converging():
    table = [*np.arange(MAX_STEPS), MAX_STEPS - 1 + 1e-13]
    states = play(table)
    assert states.iteration.tolist() == [MAX_STEPS]
    assert ends(states) == [Status.CONVERGED]


def test_a_single_repeat_converges():
    states = play([3.0, 3.0])
    assert ends(states) == [Status.CONVERGED]
    assert states.iteration.tolist() == [1]


@pytest.mark.parametrize(
    ("bad", "collapse_at", "status"),
    [
        (np.nan, -1, Status.NON_FINITE),
        (np.inf, -1, Status.NON_FINITE),
        (-np.inf, -1, Status.NON_FINITE),
        (2.9, -1, Status.DECREASED),
        (4.0, 4, Status.COLLAPSED),
        (np.nan, 4, Status.COLLAPSED),
    ],
)
def test_a_failed_step_is_not_taken(bad, collapse_at, status):
    states = play([0.0, 1.0, 2.0, 3.0, bad, 5.0], collapse_at=collapse_at)
    assert ends(states) == [status]
    assert states.point.tolist() == [3]
    assert states.iteration.tolist() == [3]
    np.testing.assert_array_equal(states.trace[0, :5], [0, 1, 2, 3, np.nan])


def test_a_drop_within_rounding_is_the_top():
    states = play([0.0, 1.0, 1.0 - 1e-13])
    assert ends(states) == [Status.CONVERGED]
    assert states.point.tolist() == [2]


@pytest.mark.parametrize(("collapse_at", "status"), [(-1, Status.NON_FINITE), (0, Status.COLLAPSED)])
def test_a_start_that_is_no_good(collapse_at, status):
    states = play([np.nan, 1.0], collapse_at=collapse_at)
    assert ends(states) == [status]
    assert states.iteration.tolist() == [0]


def test_starts_end_each_in_its_own_way():
    table = np.concatenate([[np.nan], [0.0, 1.0, 0.5], np.arange(100.0), [99.0]])
    states = play(table, starts=(0, 1, 4, 102))
    assert ends(states) == [Status.NON_FINITE, Status.DECREASED, Status.CONVERGED, Status.CONVERGED]
    assert states.point.tolist() == [0, 2, 104, 104]


def test_progress_counts_the_starts_that_ended():
    calls = []
    play(np.concatenate([[0.0, 0.0], np.arange(50.0), [49.0]]), starts=(0, 2), progress=lambda *call: calls.append(call))
    assert {(stage, total) for stage, _, total, _ in calls} == {("EM", 2)}
    assert [done for _, done, _, _ in calls] == sorted(done for _, done, _, _ in calls)
    assert calls[0] == ("EM", 0, 2, "starting")
    assert calls[-1] == ("EM", 2, 2, "iteration 50, best objective 49.0000")


def test_progress_with_nothing_finite_to_show():
    calls = []
    play([np.nan, 1.0], progress=lambda *call: calls.append(call))
    assert calls == [("EM", 0, 1, "starting"), ("EM", 1, 1, "iteration 0, best objective -inf")]


def interrupt_at(call):
    """A progress that presses Ctrl-C at its n-th call."""
    seen = []

    def progress(*_):
        seen.append(None)
        if len(seen) == call:
            raise KeyboardInterrupt

    return progress


def test_an_interruption_keeps_what_there_is():
    states = play(np.arange(LENGTH), starts=(0, 198), progress=interrupt_at(3))
    assert ends(states) == [Status.INTERRUPTED, Status.CONVERGED]
    reached = int(states.iteration[0])
    assert 0 < reached < MAX_STEPS
    assert states.point[0] == reached == states.trace[0, reached]


def test_an_interruption_before_the_first_step_is_passed_on():
    with pytest.raises(KeyboardInterrupt):
        play(np.arange(LENGTH), progress=interrupt_at(1))


@pytest.mark.parametrize(("length", "seconds", "wanted"), [(4, 0.01, 8), (4, SECONDS_A_SEGMENT, 4), (4, 2.0, 2), (1, 60.0, 1)])
def test_segments_of_about_one_length_in_time(length, seconds, wanted):
    assert next_length(length, seconds) == wanted

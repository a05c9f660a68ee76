"""The loop on scripted objectives: when it stops, what it keeps, what it says while it runs."""

from types import SimpleNamespace

import numpy as np
import pytest

from gmm_ppl.inference.base import Status
from gmm_ppl.inference.em import loop
from gmm_ppl.inference.em.loop import RUNNING, STATUSES, AbstractIteration, run, settled
from gmm_ppl.progress import silent

LENGTH, MAX_STEPS = 200, 150


class Scripted(AbstractIteration[np.ndarray]):
    """A point is a place in a table of objectives, and a step goes one further."""

    total, digits, m_step = 2.0, float(np.finfo(float).eps), None

    def __init__(self, table, collapse_at):
        self.table, self.collapse_at = table, collapse_at

    def start(self, position):
        return position

    def step(self, point):
        return point + 1

    def em_point(self, point):
        return SimpleNamespace(objective=self.table[np.minimum(point, LENGTH - 1)], hidden=np.zeros(point.shape))

    def collapsed(self, point):
        return point == self.collapse_at

    def rounding(self, point):
        return np.full(point.shape, 1e-12)

    def settled(self, point, gain, last_gain, floor):
        return settled(gain, last_gain, self.last_digits(point), floor)


def play(objectives, *, starts=(0,), tolerance=1e-6, collapse_at=-1, progress=silent):
    """Run a table of objectives, its last value repeated, from places in it: the states, and the trace."""
    table = np.full(LENGTH, objectives[-1], float)
    table[: len(objectives)] = objectives
    method = Scripted(table, collapse_at)
    found = run(method, np.array(starts), tolerance=tolerance, max_steps=MAX_STEPS, progress=progress, stage="EM")
    return found.states, found.trace


def ends(states):
    return [Status.INTERRUPTED if code == RUNNING else STATUSES[code] for code in states.status.tolist()]


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8, 0.9])
@pytest.mark.parametrize("tolerance", [1e-2, 1e-5])
def test_what_is_left_to_gain_is_below_the_tolerance(rate, tolerance):
    left = 100 * rate ** np.arange(LENGTH)
    states, _ = play(-1000 - left, tolerance=tolerance)
    place = int(states.point[0])
    assert ends(states) == [Status.CONVERGED]
    per_run = tolerance * 2  # two rows
    assert left[place] <= per_run * (1 + 1e-6)
    gains = left[place - 3 : place - 1] - left[place - 2 : place]
    assert max(left[place - 1], *gains) > per_run, "it could have stopped a step before"


def test_a_gain_that_still_grows_is_no_end():
    climb = 1 / (1 + np.exp(-(np.arange(LENGTH) - 60.0) / 2))
    states, trace = play(climb)
    assert ends(states) == [Status.CONVERGED]
    assert trace[0, states.iteration[0]] == pytest.approx(1, abs=1e-5)


def test_steady_gains_never_converge():
    states, _ = play(-1e-7 * np.arange(LENGTH)[::-1], tolerance=1e-6)
    assert ends(states) == [Status.STEP_LIMIT]
    assert states.iteration.tolist() == [MAX_STEPS]


def test_converging_on_the_last_step_is_converging():
    states, _ = play([*np.arange(MAX_STEPS), MAX_STEPS - 1 + 1e-13])
    assert states.iteration.tolist() == [MAX_STEPS]
    assert ends(states) == [Status.CONVERGED]


def test_a_single_repeat_converges():
    states, _ = play([3.0, 3.0])
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
    states, trace = play([0.0, 1.0, 2.0, 3.0, bad, 5.0], collapse_at=collapse_at)
    assert ends(states) == [status]
    assert states.point.tolist() == [3]
    assert states.iteration.tolist() == [3]
    np.testing.assert_array_equal(trace[0, :5], [0, 1, 2, 3, np.nan])


def test_a_drop_within_rounding_is_the_top():
    states, _ = play([0.0, 1.0, 1.0 - 1e-13])
    assert ends(states) == [Status.CONVERGED]
    assert states.point.tolist() == [2]


@pytest.mark.parametrize(("collapse_at", "status"), [(-1, Status.NON_FINITE), (0, Status.COLLAPSED)])
def test_a_start_that_is_no_good(collapse_at, status):
    states, _ = play([np.nan, 1.0], collapse_at=collapse_at)
    assert ends(states) == [status]
    assert states.iteration.tolist() == [0]


def test_starts_end_each_in_its_own_way():
    """Those that have ended leave the batch, and are not stepped again."""
    table = np.concatenate([[np.nan], [0.0, 1.0, 0.5], np.arange(100.0), [99.0]])
    states, trace = play(table, starts=(0, 1, 4, 102))
    assert ends(states) == [Status.NON_FINITE, Status.DECREASED, Status.CONVERGED, Status.CONVERGED]
    assert states.point.tolist() == [0, 2, 104, 104]
    np.testing.assert_array_equal(trace[[1, 3], :4], [[0, 1, np.nan, np.nan], [98, 99, 99, np.nan]])


def test_progress_counts_the_starts_that_ended(monkeypatch):
    monkeypatch.setattr(loop, "SECONDS_A_REPORT", -1)
    calls = []
    play(np.concatenate([[0.0, 0.0], np.arange(50.0), [49.0]]), starts=(0, 2), progress=lambda *call: calls.append(call))
    assert {(stage, total) for stage, _, total, _ in calls} == {("EM", 2)}
    done = [done for _, done, _, _ in calls]
    assert done == sorted(done)
    assert set(done) == {0, 1, 2}
    assert calls[0] == ("EM", 0, 2, "starting")
    assert calls[-1] == ("EM", 2, 2, "iteration 50, best objective 49.0000")


def test_progress_is_not_reported_at_every_step():
    calls = []
    play(np.arange(LENGTH), progress=lambda *call: calls.append(call))
    assert len(calls) < MAX_STEPS / 2
    assert calls[-1][1:3] == (1, 1)


def test_progress_with_nothing_finite_to_show():
    calls = []
    play([np.nan, 1.0], progress=lambda *call: calls.append(call))
    assert calls == [("EM", 1, 1, "iteration 0, best objective -inf")]


def interrupt_at(call):
    """A progress that presses Ctrl-C at its n-th call."""
    seen = []

    def progress(*_):
        seen.append(None)
        if len(seen) == call:
            raise KeyboardInterrupt

    return progress


def test_an_interruption_keeps_what_there_is(monkeypatch):
    monkeypatch.setattr(loop, "SECONDS_A_REPORT", -1)
    states, trace = play(np.arange(LENGTH), starts=(0, 198), progress=interrupt_at(5))
    assert ends(states) == [Status.INTERRUPTED, Status.CONVERGED]
    assert states.iteration[0] == 4
    assert states.point[0] == 4 == trace[0, 4]
    assert np.isnan(trace[0, 5:]).all()


def test_an_interruption_before_the_first_step_is_passed_on():
    with pytest.raises(KeyboardInterrupt):
        play(np.arange(LENGTH), progress=interrupt_at(1))

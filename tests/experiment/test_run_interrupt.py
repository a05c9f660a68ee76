"""Signals during a run."""

import os
import signal

import pytest

from gmm_ppl.experiment.interrupt import interruptible
from gmm_ppl.progress import silent


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_raises_and_is_remembered(number: signal.Signals):
    before = signal.getsignal(number)
    with interruptible() as interruption, pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)
    assert interruption.signal == number
    assert signal.getsignal(number) is before


def test_a_swallowed_signal_ends_the_run_at_the_next_step():
    with interruptible() as interruption:
        progress = interruption.watch(silent)
        progress("EM", 1, 2)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            progress("EM", 2, 2)


def test_a_signal_that_an_engine_has_followed_lets_the_run_go_on():
    with interruptible() as interruption:
        progress = interruption.watch(silent)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        interruption.heed()
        progress("Results", 1, 2)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            progress("Results", 2, 2)
    assert interruption.signal == signal.SIGINT

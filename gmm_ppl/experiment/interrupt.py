"""Ctrl-C and `kill` during a run, so that neither is lost nor leaves anything behind."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from gmm_ppl.progress import Progress

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """The signal that asked for an end, 0 while none has, and whether it is still to be followed."""

    def __init__(self) -> None:
        self.signal, self.pending = 0, False

    def heed(self) -> None:
        """The signal has been followed, by an engine that kept what it had: the run may go on with that."""
        self.pending = False

    def watch(self, progress: Progress) -> Progress:
        """The same progress, which ends the run at its next call once a signal has come.

        Python drops an exception that is raised while a callback of the garbage collector runs, and JAX has such a
        callback: the exception that the signal raises is not always enough.
        """

        def watched(stage: str, done: int, total: int, note: str = "") -> None:
            if self.pending:
                raise KeyboardInterrupt
            progress(stage, done, total, note)

        return watched

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.signal, self.pending = number, True
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Turn both signals into `KeyboardInterrupt` for as long as the context lasts; for the main thread only."""
    interruption = Interruption()
    before = {number: signal.signal(number, interruption._handle) for number in SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

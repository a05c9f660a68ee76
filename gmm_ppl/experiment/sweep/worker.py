"""One run of a sweep, in a process of its own: whatever happens in it, the sweep goes on."""

import os
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gmm_ppl.errors import FitError, InputError
from gmm_ppl.experiment.cache import use_cache
from gmm_ppl.experiment.execute import run
from gmm_ppl.experiment.formats import Render
from gmm_ppl.experiment.lock import LockedError
from gmm_ppl.experiment.sweep.plan import Planned
from gmm_ppl.garbage import collect_rarely

PATIENCE = 10.0
"""Seconds to wait for the lock of a run: a worker whose sweep was killed lets go of it within one."""


@dataclass(frozen=True)
class Ended:
    """How one run of a sweep ended: `failure` is the message of what was raised, None where there is a run."""

    address: str
    ran: bool
    seconds: float
    failure: str | None = None


def work(
    batch: tuple[Planned, ...], directory: Path, *, render: Render, force: bool, command: str, parent: int | None
) -> list[Ended]:
    """Make some runs below `directory`, one after another, or say of each why there is none.

    Arguments:
        batch: the runs.
        directory: where the sweep keeps its runs.
        render: writes the report.
        force: run even if it is there.
        command: what was typed, for the record.
        parent: the process of the sweep, without which its worker ends too; None where it is this one.
    """
    if parent is not None:
        _end_with(parent)
        use_cache()
        collect_rarely()
    return [_work_one(planned, directory, render=render, force=force, command=command) for planned in batch]


def _work_one(planned: Planned, directory: Path, *, render: Render, force: bool, command: str) -> Ended:
    start = time.perf_counter()
    try:
        outcome = _patiently(planned, directory / planned.address, render=render, force=force, command=command)
    except (InputError, FitError) as error:
        return Ended(planned.address, ran=False, seconds=time.perf_counter() - start, failure=str(error))
    except Exception as error:  # a defect in one run must not cost the others
        message = f"{type(error).__name__}: {error}"
        return Ended(planned.address, ran=False, seconds=time.perf_counter() - start, failure=message)
    return Ended(planned.address, outcome, time.perf_counter() - start)


def _patiently(planned: Planned, directory: Path, *, render: Render, force: bool, command: str) -> bool:
    """Whether the run was made now; a lock that a dying worker still holds is waited for."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return run(planned.task, directory, render=render, force=force, command=command).ran
        except LockedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


@cache
def _end_with(parent: int) -> None:
    """End this process soon after `parent` has ended, however that was: nobody would hear of its work."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    if os.getppid() == parent:
        threading.Thread(target=watch, daemon=True).start()

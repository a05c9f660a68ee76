"""Run a sweep: every experiment of one config that is not done yet, by several workers."""

import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gmm_ppl.experiment.formats import Render
from gmm_ppl.experiment.lock import locked
from gmm_ppl.experiment.sweep.backends import Team, answers, team_of
from gmm_ppl.experiment.sweep.names import RUNS
from gmm_ppl.experiment.sweep.plan import Planned, SweepPlan, batches
from gmm_ppl.experiment.sweep.state import Standing, note_failure, prepare, standing, summary, write_state
from gmm_ppl.experiment.sweep.worker import Ended, work
from gmm_ppl.progress import Progress, silent

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Swept:
    """Where a sweep is, how each of its runs stands, how many were made now, and a sentence that says so."""

    directory: Path
    standings: tuple[Standing, ...]
    ran: int

    @property
    def failed(self) -> tuple[Standing, ...]:
        """The runs that failed, now or before."""
        return tuple(each for each in self.standings if each.status == "failed")

    @property
    def message(self) -> str:
        """How many runs there are and how they stand."""
        return f"{self.directory}: {summary(self.standings)}, {self.ran} made now"


def sweep(
    plan: SweepPlan,
    directory: Path,
    *,
    render: Render,
    workers: int | None = None,
    backend: str = "loky",
    resume: bool = False,
    force: bool = False,
    progress: Progress = silent,
    command: str = "",
) -> Swept:
    """Make the runs of a sweep that are missing, and its index.

    Runs are written whole or not at all, each into the directory that its content names, so that a sweep can be killed at any
    moment: called again it makes what is missing, with the digits of a sweep that was never stopped.

    Arguments:
        plan: what `plan` made of a config.
        directory: of the sweep; runs go below it.
        render: writes the report of a run; taken along to the workers.
        workers: processes; by default as many as there are processors.
        backend: a name in `BACKENDS`.
        resume: try runs again that failed before; without it they are named and left.
        force: make runs again that are done.
        progress: called as runs end.
        command: what was typed, for the record.

    Raises:
        InputError: the directory holds other things or another sweep is writing it, or the backend is not to be had.
        KeyboardInterrupt: it was interrupted; what is done is kept, and indexed.
    """
    team = team_of(backend, workers, len(plan.runs))
    with locked(directory):
        prepare(plan, directory)
        before = standing(plan, directory)
        todo = [each.run for each in before if force or each.status == "missing" or (resume and each.status == "failed")]
        shared = {"directory": (directory / RUNS).absolute(), "render": render, "force": force, "command": command}
        try:
            made = sum(_ended(each, directory) for each in _work(team, todo, shared, progress))
        finally:
            after = write_state(plan, directory, command)
    return Swept(directory, tuple(after), made)


def _work(team: Team, todo: list[Planned], shared: dict[str, Any], progress: Progress) -> Iterator[Ended]:
    """Every run's end as it comes."""
    calls = [{"batch": batch, **shared} for batch in batches(todo, team.workers)]
    progress("Sweep", 0, len(todo), f"{team.workers} workers")
    done = failed = 0
    for ended in itertools.chain.from_iterable(answers(team, work, calls) if calls else ()):
        done, failed = done + 1, failed + (ended.failure is not None)
        progress("Sweep", done, len(todo), f"{failed} failed" if failed else ended.address)
        yield ended


def _ended(ended: Ended, directory: Path) -> bool:
    """Note how a run ended; whether it was made."""
    note_failure(directory, ended.address, ended.failure)
    if ended.failure is not None:
        LOGGER.warning("%s: failed: %s", ended.address, ended.failure)
    return ended.ran

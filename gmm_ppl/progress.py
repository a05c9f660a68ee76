"""How long-running work says how far it is: one callable, and three ways to show it.

Anything that takes a while accepts `progress: Progress | None` and calls it with the name of the stage, how much of it is
done and a short note. What happens with that is the caller's choice: nothing (`silent`), a moving bar (`bars`), or a callable
of one's own. Left at None, it is bars on a terminal and nothing elsewhere (`watched`).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    import rich.progress


class Progress(Protocol):
    """What engines call while they work."""

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Report a step.

        Arguments:
            stage: what is running, in words a reader of the report would use ("EM", "NUTS").
            done: how many units are finished, 0 ≤ done ≤ total.
            total: how many units there are; 0 where nobody can know.
            note: a few words on the state ("objective -1130.26"), replaced at every call.
        """
        ...


def silent(stage: str, done: int, total: int, note: str = "") -> None:
    """Show nothing."""


class Bars:
    """One moving bar per stage, drawn by rich."""

    def __init__(self, display: "rich.progress.Progress"):
        self._display = display
        self._tasks: dict[str, rich.progress.TaskID] = {}

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Move the stage's bar, which appears with its first call."""
        if stage not in self._tasks:
            self._tasks[stage] = self._display.add_task(stage, total=None, note="")
        self._display.update(self._tasks[stage], completed=done, total=total or None, note=note)


@contextmanager
def bars(stream: TextIO) -> Iterator[Bars]:
    """Bars on `stream` for as long as the context lasts; they vanish at its end."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[note]}"))
    with Progress(*columns, console=Console(file=stream), transient=True) as display:
        yield Bars(display)


@contextmanager
def watched(progress: Progress | None) -> Iterator[Progress]:
    """The caller's own progress; without one, bars if standard error is a terminal, else silence."""
    if progress is None and sys.stderr.isatty():
        with bars(sys.stderr) as display:
            yield display
    else:
        yield progress or silent

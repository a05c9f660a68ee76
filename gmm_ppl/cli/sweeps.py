"""What `gmm-ppl run` does with a config that has a `sweep`."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from gmm_ppl.cli import common
from gmm_ppl.console import say, shown

if TYPE_CHECKING:
    from gmm_ppl.experiment.sweep.plan import SweepPlan
    from gmm_ppl.experiment.sweep.run import Swept

MOST_NAMED = 10
"""Failed runs that are named one by one."""


def run_sweep(plan: "SweepPlan", directory: Path, *, quiet: bool, **options: Any) -> None:
    """Run a sweep, print its directory and name what failed; exit code 1 if anything did."""
    from gmm_ppl.experiment.interrupt import interruptible
    from gmm_ppl.experiment.sweep.run import sweep

    with interruptible() as interruption, shown(quiet=quiet) as bars:
        try:
            progress, command = interruption.watch(bars), common.typed_command()
            found = sweep(plan, directory, render=common.render, progress=progress, command=command, **options)
        except KeyboardInterrupt:
            say(f"interrupted: {directory}: runs that are done are kept; the same command goes on", style="bold red")
            raise typer.Exit(128 + (interruption.signal or signal.SIGINT)) from None
    _tell(found, resumed=bool(options["resume"]), quiet=quiet)
    typer.echo(directory)
    if found.failed:
        raise typer.Exit(1)


def _tell(found: "Swept", *, resumed: bool, quiet: bool) -> None:
    if not quiet:
        say(found.message)
    for each in found.failed[:MOST_NAMED]:
        say(f"failed: {each.run.address}: {each.message}", style="bold red")
    if len(found.failed) > MOST_NAMED:
        say(f"and {len(found.failed) - MOST_NAMED} more; sweep.json has all")
    if found.failed and not resumed:
        say("--resume tries failed runs again")

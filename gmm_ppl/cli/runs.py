"""`gmm-ppl run`."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gmm_ppl.cli import common
from gmm_ppl.cli.app import EPILOG, Configs, Quiet, Settings, app
from gmm_ppl.cli.common import directories_of, keep_compiled_programs, tasks_of, typed_command
from gmm_ppl.console import plain_errors, say, shown

if TYPE_CHECKING:
    from gmm_ppl.experiment.build import Task


@app.command(epilog=EPILOG)
def run(
    configs: Configs,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="The run directory; reports/NAME if not given.")] = None,
    settings: Settings = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Run even if nothing has changed since the last run.")] = False,
    quiet: Quiet = False,
) -> None:
    """Run experiments and print their directories."""
    with plain_errors():
        if not force and _said_to_be_done(configs, settings, out, quiet=quiet):
            return
        tasks = tasks_of(configs, settings)
        directories = directories_of(tasks, out)
        keep_compiled_programs()
        for task, directory in zip(tasks, directories, strict=True):
            _run_one(task, directory, force=force, quiet=quiet)


def _said_to_be_done(configs: list[Path], settings: list[str] | None, out: Path | None, *, quiet: bool) -> bool:
    """Say of every config that its run is there already, or of none; nothing heavy is imported for it."""
    from gmm_ppl.experiment.unchanged import all_unchanged

    done = all_unchanged(configs, settings or (), out)
    for each in done:
        if not quiet:
            say(each.message)
        typer.echo(each.directory)
    return bool(done)


def _run_one(task: "Task", directory: Path, *, force: bool, quiet: bool) -> None:
    from gmm_ppl.experiment.execute import run as execute
    from gmm_ppl.experiment.interrupt import interruptible

    with interruptible() as interruption, shown(quiet=quiet) as bars:
        progress = interruption.watch(bars)
        try:
            options = {"render": common.render, "progress": progress, "heeded": interruption.heed}
            outcome = execute(task, directory, force=force, command=typed_command(), **options)
        except KeyboardInterrupt:
            kept = "is as it was before" if directory.exists() else "was not written"
            say(f"interrupted: {directory} {kept}", style="bold red")
            raise typer.Exit(128 + (interruption.signal or signal.SIGINT)) from None
    if not (quiet and outcome.whole):
        say(outcome.message, style="" if outcome.whole else "bold red")
    typer.echo(directory)
    if not outcome.whole:
        raise typer.Exit(128 + (interruption.signal or signal.SIGINT))

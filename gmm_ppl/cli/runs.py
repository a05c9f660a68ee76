"""`gmm-ppl run` and `gmm-ppl report`."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gmm_ppl.cli import common
from gmm_ppl.cli.app import EPILOG, Configs, Directory, Quiet, Settings, app
from gmm_ppl.cli.common import directories_of, jobs_of, keep_compiled_programs, typed_command
from gmm_ppl.cli.sweeps import run_sweep
from gmm_ppl.console import plain_errors, say, shown

if TYPE_CHECKING:
    from gmm_ppl.experiment.build import Task


@app.command(epilog=EPILOG)
def run(
    configs: Configs,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="The run directory; reports/NAME if not given.")] = None,
    settings: Settings = None,
    workers: Annotated[int | None, typer.Option(metavar="N", help="Of a sweep: processes; one a processor if not given.")] = None,
    backend: Annotated[str, typer.Option(metavar="NAME", help="Of a sweep: loky (this machine), dask or ray.")] = "loky",
    *,
    resume: Annotated[bool, typer.Option("--resume", help="Of a sweep: try runs again that failed.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Run even if nothing has changed since the last run.")] = False,
    quiet: Quiet = False,
) -> None:
    """Run experiments and sweeps, and print their directories.

    A config with a `sweep` makes a run for each of its settings. Runs that are done are not done again, so that a sweep that
    was stopped, however it was, goes on where it was.
    """
    with plain_errors():
        if not force and _said_to_be_done(configs, settings, out, quiet=quiet):
            return
        from gmm_ppl.experiment.sweep.plan import SweepPlan

        jobs = jobs_of(configs, settings)
        directories = directories_of([job.name for job in jobs], out)
        keep_compiled_programs()
        of_sweeps = {"workers": workers, "backend": backend, "resume": resume}
        for job, directory in zip(jobs, directories, strict=True):
            if isinstance(job, SweepPlan):
                run_sweep(job, directory, force=force, quiet=quiet, **of_sweeps)
            else:
                _run_one(job, directory, force=force, quiet=quiet)


@app.command()
def report(
    directory: Directory,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", help="Print the page to this file too; needs Chromium.")] = None,
) -> None:
    """Make a run's report anew, from results.nc."""
    with plain_errors():
        from gmm_ppl.experiment.rebuild import rebuild

        keep_compiled_programs()
        for path in rebuild(directory, render=common.render):
            typer.echo(path)
        if pdf is not None:
            from gmm_ppl.report.pdf import print_pdf

            print_pdf(directory / "report.html", pdf)
            typer.echo(pdf)


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

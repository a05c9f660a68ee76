"""The command line: each command is a thin call into `experiment` and `report`.

Everything heavy is imported inside the commands, so that `--help` answers at once. Results go to the standard output,
one item a line; messages, progress and errors to the standard error. Exit codes: 0 done, 1 the fit failed, 2 wrong
input, 130 interrupted.
"""

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gmm_ppl.console import plain_errors, say, shown
from gmm_ppl.errors import InputError

if TYPE_CHECKING:
    import xarray as xr

    from gmm_ppl.experiment.build import Task

EPILOG = (
    "Compiled programs are kept in the user's cache directory and reused; set GMM_PPL_CACHE=off to keep none, or "
    "GMM_PPL_CACHE=DIR to keep them elsewhere."
)

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, epilog=EPILOG
)

Configs = Annotated[list[Path], typer.Argument(metavar="CONFIG", help="YAML files, such as configs/faithful.yaml.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key, as in --set em.starts=5.")
]


def main() -> None:
    """Entry point of `gmm-ppl`."""
    app(prog_name="gmm-ppl")


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(version("gmm_ppl"))
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Gaussian mixtures from a YAML file: EM, NUTS from it, one labelled result, a report."""


@app.command(epilog=EPILOG)
def run(
    configs: Configs,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="The run directory; reports/NAME if not given.")] = None,
    settings: Settings = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Run even if nothing has changed since the last run.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show warnings and errors only.")] = False,
) -> None:
    """Run experiments and print their directories."""
    with plain_errors():
        if not force and _said_to_be_done(configs, settings, out, quiet=quiet):
            return
        tasks = _tasks(configs, settings)
        directories = _directories(tasks, out)
        _keep_compiled_programs()
        for task, directory in zip(tasks, directories, strict=True):
            _run_one(task, directory, force=force, quiet=quiet)


@app.command()
def report(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A run directory, such as reports/faithful.")],
) -> None:
    """Make a run's report anew, from results.nc."""
    with plain_errors():
        from gmm_ppl.experiment.rebuild import rebuild

        _keep_compiled_programs()
        for path in rebuild(directory, render=_render):
            typer.echo(path)


@app.command()
def check(configs: Configs, settings: Settings = None) -> None:
    """Say what would be run; fits nothing."""
    with plain_errors():
        from gmm_ppl.experiment.describe import describe

        tasks = _tasks(configs, settings)
        for config, task, directory in zip(configs, tasks, _directories(tasks, None), strict=True):
            typer.echo(f"{config}: fine, would write {directory}")
            for line in describe(task):
                typer.echo(f"  {line}")


@app.command(epilog=EPILOG)
def calibrate(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A YAML file, such as configs/faithful.yaml.")],
    replications: Annotated[int, typer.Option(metavar="N", help="Simulated data sets.")] = 1000,
    rows: Annotated[int | None, typer.Option(metavar="N", help="Rows of each; as many as the data if not given.")] = None,
    engine: Annotated[str, typer.Option(metavar="NAME", help="nuts or laplace.")] = "nuts",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="reports/NAME-calibration if not given.")] = None,
    settings: Settings = None,
    *,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show warnings and errors only.")] = False,
) -> None:
    """Test an engine on data simulated from a config's prior; print the verdict and the page's directory."""
    with plain_errors():
        from gmm_ppl.experiment.calibrate import lines, plan
        from gmm_ppl.experiment.calibrate import run as execute
        from gmm_ppl.experiment.interrupt import interruptible
        from gmm_ppl.report.calibration import write_calibration

        task = _tasks([config], settings)[0]
        planned = plan(task, rows=rows, replications=replications, engine=engine)
        directory = out or Path("reports") / f"{task.experiment.config.name}-calibration"
        _keep_compiled_programs()
        with interruptible() as interruption, shown(quiet=quiet) as bars:
            progress = interruption.watch(bars)
            found, verdict = execute(planned, directory, render=write_calibration, progress=progress, command=_command())
        for line in (*lines(found, verdict), directory):
            typer.echo(line)
        if found.made < found.wanted:
            raise typer.Exit(128 + signal.SIGINT)


@app.command("list")
def list_names() -> None:
    """List the names that configs and reports know.

    A line each: kind, name, meaning, separated by tabs.
    """
    from gmm_ppl.experiment.catalogue import catalogue
    from gmm_ppl.report.catalogue import report_parts

    for row in (*catalogue(), *report_parts()):
        typer.echo("\t".join(row))


@app.command()
def schema(
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="A table of all keys instead, for people.")] = False,
) -> None:
    """Print the JSON Schema of configs, for editors."""
    import json

    from gmm_ppl.experiment.reference import reference
    from gmm_ppl.experiment.schema import json_schema

    typer.echo(reference() if markdown else json.dumps(json_schema(), indent=2, ensure_ascii=False), nl=not markdown)


def _said_to_be_done(configs: list[Path], settings: list[str] | None, out: Path | None, *, quiet: bool) -> bool:
    """Say of every config that its run is there already, or of none; nothing heavy is imported for it."""
    from gmm_ppl.experiment.unchanged import all_unchanged

    done = all_unchanged(configs, settings or (), out)
    for each in done:
        if not quiet:
            say(each.message)
        typer.echo(each.directory)
    return bool(done)


def _tasks(configs: list[Path], settings: list[str] | None) -> list["Task"]:
    """Read and check everything before anything is run."""
    from gmm_ppl.experiment.build import build
    from gmm_ppl.experiment.loading import load

    # A prior may name a function in a module beside the user, where `python -m` would find it.
    sys.path.insert(0, os.getcwd())
    return [build(load(config, settings or ())) for config in configs]


def _directories(tasks: list["Task"], out: Path | None) -> list[Path]:
    if out is not None and len(tasks) > 1:
        raise InputError("--out names the directory of one run; give one config with it, or leave it away")
    names = [task.experiment.config.name for task in tasks]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InputError(f"two configs are named {twice[0]} and would write one directory; change `name` in one of them")
    return [out or Path("reports") / name for name in names]


def _run_one(task: "Task", directory: Path, *, force: bool, quiet: bool) -> None:
    from gmm_ppl.experiment.execute import run as execute
    from gmm_ppl.experiment.interrupt import interruptible

    with interruptible() as interruption, shown(quiet=quiet) as bars:
        progress = interruption.watch(bars)
        try:
            options = {"render": _render, "progress": progress, "heeded": interruption.heed}
            outcome = execute(task, directory, force=force, command=_command(), **options)
        except KeyboardInterrupt:
            kept = "is as it was before" if directory.exists() else "was not written"
            say(f"interrupted: {directory} {kept}", style="bold red")
            raise typer.Exit(128 + (interruption.signal or signal.SIGINT)) from None
    if not (quiet and outcome.whole):
        say(outcome.message, style="" if outcome.whole else "bold red")
    typer.echo(directory)
    if not outcome.whole:
        raise typer.Exit(128 + (interruption.signal or signal.SIGINT))


def _render(directory: Path, tree: "xr.DataTree", formats: tuple[str, ...]) -> object:
    import json

    from gmm_ppl.report import write_report

    # The record of the run travels in the results file, so that the report is the same whenever it is made.
    record = json.loads(tree.attrs.get("provenance", "null"))
    shown = tree.copy()
    shown.attrs = {name: value for name, value in tree.attrs.items() if name != "provenance"}
    return write_report(shown, directory, formats=formats, manifest=record)


def _keep_compiled_programs() -> None:
    from gmm_ppl.experiment.cache import use_cache

    use_cache()


def _command() -> str:
    import shlex

    return shlex.join(["gmm-ppl", *sys.argv[1:]])


if __name__ == "__main__":
    main()

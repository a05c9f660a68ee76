"""`gmm-ppl calibrate`."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from gmm_ppl.cli.app import EPILOG, Config, Quiet, Settings, app
from gmm_ppl.cli.common import keep_compiled_programs, task_of, typed_command
from gmm_ppl.console import plain_errors, shown


@app.command(epilog=EPILOG)
def calibrate(
    config: Config,
    replications: Annotated[int, typer.Option(metavar="N", help="Simulated data sets.")] = 1000,
    rows: Annotated[int | None, typer.Option(metavar="N", help="Rows of each; as many as the data if not given.")] = None,
    engine: Annotated[
        str | None, typer.Option(metavar="NAME", help="nuts, laplace or tempered; the config's sampler if not given.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="reports/NAME-calibration if not given.")] = None,
    settings: Settings = None,
    *,
    quiet: Quiet = False,
) -> None:
    """Test an engine on data simulated from a config's prior; print the verdict and the page's directory."""
    with plain_errors():
        from gmm_ppl.experiment.calibrate import lines, plan
        from gmm_ppl.experiment.calibrate import run as execute
        from gmm_ppl.experiment.interrupt import interruptible
        from gmm_ppl.report.calibration import write_calibration

        task = task_of(config, settings)
        planned = plan(task, rows=rows, replications=replications, engine=engine)
        directory = out or Path("reports") / f"{task.experiment.config.name}-calibration"
        keep_compiled_programs()
        with interruptible() as interruption, shown(quiet=quiet) as bars:
            progress, command = interruption.watch(bars), typed_command()
            found, verdict = execute(planned, directory, render=write_calibration, progress=progress, command=command)
        for line in (*lines(found, verdict), directory):
            typer.echo(line)
        if found.made < found.wanted:
            raise typer.Exit(128 + signal.SIGINT)

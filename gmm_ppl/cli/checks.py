"""`gmm-ppl check` and `gmm-ppl report`."""

import typer

from gmm_ppl.cli import common
from gmm_ppl.cli.app import Configs, Directory, Settings, app
from gmm_ppl.cli.common import directories_of, keep_compiled_programs, tasks_of
from gmm_ppl.console import plain_errors


@app.command()
def report(directory: Directory) -> None:
    """Make a run's report anew, from results.nc."""
    with plain_errors():
        from gmm_ppl.experiment.rebuild import rebuild

        keep_compiled_programs()
        for path in rebuild(directory, render=common.render):
            typer.echo(path)


@app.command()
def check(configs: Configs, settings: Settings = None) -> None:
    """Say what would be run; fits nothing."""
    with plain_errors():
        from gmm_ppl.experiment.describe import describe

        tasks = tasks_of(configs, settings)
        for config, task, directory in zip(configs, tasks, directories_of(tasks, None), strict=True):
            typer.echo(f"{config}: fine, would write {directory}")
            for line in describe(task):
                typer.echo(f"  {line}")

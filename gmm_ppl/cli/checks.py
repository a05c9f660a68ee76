"""`gmm-ppl check`."""

import typer

from gmm_ppl.cli.app import Configs, Settings, app
from gmm_ppl.cli.common import directories_of, jobs_of
from gmm_ppl.console import plain_errors


@app.command()
def check(configs: Configs, settings: Settings = None) -> None:
    """Say what would be run; fits nothing."""
    with plain_errors():
        from gmm_ppl.experiment.describe import describe, describe_sweep
        from gmm_ppl.experiment.sweep.plan import SweepPlan

        jobs = jobs_of(configs, settings)
        for config, job, directory in zip(configs, jobs, directories_of([job.name for job in jobs], None), strict=True):
            typer.echo(f"{config}: fine, would write {directory}")
            for line in describe_sweep(job) if isinstance(job, SweepPlan) else describe(job):
                typer.echo(f"  {line}")

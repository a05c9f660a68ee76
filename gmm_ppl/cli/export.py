"""`gmm-ppl export`."""

from pathlib import Path
from typing import Annotated

import typer

from gmm_ppl.cli.app import app
from gmm_ppl.console import plain_errors

Runs = Annotated[list[Path], typer.Argument(metavar="DIR", help="Run directories, such as reports/faithful.")]


@app.command()
def export(
    directories: Runs,
    to: Annotated[str, typer.Option(metavar="TOOL", help="mlflow.")] = "mlflow",
    store: Annotated[str, typer.Option(metavar="ADDRESS", help="Where the tool keeps its runs.")] = "sqlite:///mlflow.db",
) -> None:
    """Hand finished runs to MLflow; a run that is there already is left as it is."""
    with plain_errors():
        from gmm_ppl.experiment.exports import export as hand_over

        for line in hand_over(directories, to, store):
            typer.echo(line)

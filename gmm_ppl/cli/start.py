"""`gmm-ppl init`."""

from pathlib import Path
from typing import Annotated

import typer

from gmm_ppl.cli.app import app
from gmm_ppl.console import plain_errors


@app.command()
def init(
    data: Annotated[Path | None, typer.Argument(metavar="DATA", help="A file with rows; a bundled example if not given.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The config; NAME.yaml here if not given.")] = None,
) -> None:
    """Write a config to begin from, and print its path."""
    with plain_errors():
        from gmm_ppl.experiment.starter import starter

        typer.echo(starter(data, out))

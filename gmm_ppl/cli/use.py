"""`gmm-ppl predict`, `gmm-ppl sample`, `gmm-ppl show`: what one does with a finished run."""

from pathlib import Path
from typing import Annotated

import typer

from gmm_ppl.cli.app import Directory, app
from gmm_ppl.cli.common import keep_compiled_programs
from gmm_ppl.console import plain_errors, say, shown

Out = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A .csv, .parquet or .nc file; CSV on the standard output if not given.")
]
Point = Annotated[bool, typer.Option("--point", help="Use the EM point, though there are draws.")]


@app.command()
def predict(
    directory: Directory,
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A file with new rows; columns are found by name.")],
    out: Out = None,
    outlying: Annotated[float, typer.Option(metavar="SHARE", help="Share of the fit's own rows to be flagged.")] = 0.01,
    *,
    point: Point = False,
) -> None:
    """Say of new rows which component they belong to, with intervals, how dense they are, and which are outliers."""
    with plain_errors():
        from gmm_ppl.experiment.use import predict_rows

        keep_compiled_programs()
        with shown(quiet=False) as progress:
            rows = predict_rows(directory, data, out, point=point, outlying=outlying, progress=progress)
        if out is not None:
            say(f"{out}: {rows} rows")


@app.command()
def sample(
    directory: Directory,
    rows: Annotated[int, typer.Option(metavar="N", help="How many.")] = 1000,
    seed: Annotated[int, typer.Option(metavar="S", help="The same seed gives the same rows.")] = 0,
    out: Out = None,
    *,
    point: Point = False,
) -> None:
    """Draw new rows from a fit: from its posterior predictive law, or from the EM point."""
    with plain_errors():
        from gmm_ppl.experiment.use import sample_rows

        keep_compiled_programs()
        sample_rows(directory, rows, out, seed=seed, point=point)


@app.command()
def show(directory: Directory) -> None:
    """Show a run in the terminal: its verdict, its numbers, small plots."""
    with plain_errors():
        from gmm_ppl.report.terminal import terminal_lines
        from gmm_ppl.results.store import load

        for line in terminal_lines(load(directory)):
            typer.echo(line)

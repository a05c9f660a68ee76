"""`gmm-ppl compare`."""

from pathlib import Path
from typing import Annotated

import typer

from gmm_ppl.cli.app import app
from gmm_ppl.cli.common import typed_command
from gmm_ppl.console import plain_errors

Results = Annotated[
    list[Path], typer.Argument(metavar="DIR", help="Run directories, results.nc files, or sweeps, which stand for their runs.")
]


@app.command()
def compare(
    results: Results,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the page goes.")] = Path("reports/comparison"),
) -> None:
    """Set results side by side: criteria, parameters, EM against posterior; print a table and the page's directory."""
    with plain_errors():
        from gmm_ppl.experiment.compare import compare_runs, lines
        from gmm_ppl.report.comparison import write_comparison

        found = compare_runs(results, out, render=write_comparison, command=typed_command())
        for line in (*lines(found), out):
            typer.echo(line)

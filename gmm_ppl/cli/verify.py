"""`gmm-ppl verify`."""

import typer

from gmm_ppl.cli.app import EPILOG, Directory, Quiet, app
from gmm_ppl.cli.common import keep_compiled_programs, see_modules_here
from gmm_ppl.console import plain_errors, shown


@app.command(epilog=EPILOG)
def verify(directory: Directory, *, quiet: Quiet = False) -> None:
    """Run a finished run again, elsewhere, and say whether its digits repeat; exit code 1 if they do not."""
    with plain_errors():
        from gmm_ppl.experiment.verify import verify as again

        see_modules_here()
        keep_compiled_programs()
        with shown(quiet=quiet) as progress:
            found = again(directory, progress=progress)
        for line in found.lines():
            typer.echo(line)
        if not found.same:
            raise typer.Exit(1)

"""The command line: each command is a thin call into `experiment`, `results` and `report`.

Everything heavy is imported inside the commands, so that `--help` answers at once. Results go to the standard output,
one item a line; messages, progress and errors to the standard error. Exit codes: 0 done, 1 the fit failed, 2 wrong
input, 130 interrupted.

To add a command, write it in a file beside these under `@app.command()` and name the file here; the order of these imports
is that of `--help`.
"""

# ruff: noqa: F401, I001 (imported for their commands, in the order of --help)
from gmm_ppl.cli.app import app, main
from gmm_ppl.cli import start
from gmm_ppl.cli import checks
from gmm_ppl.cli import runs
from gmm_ppl.cli import use
from gmm_ppl.cli import compare
from gmm_ppl.cli import calibrate
from gmm_ppl.cli import verify
from gmm_ppl.cli import export
from gmm_ppl.cli import names

__all__ = ["app", "main"]

"""The command line: each command is a thin call into `experiment`, `results` and `report`.

Everything heavy is imported inside the commands, so that `--help` answers at once. Results go to the standard output,
one item a line; messages, progress and errors to the standard error. Exit codes: 0 done, 1 the fit failed, 2 wrong
input, 130 interrupted.

To add a command, write it in a file beside these under `@app.command()` and name the file here; the order of these imports
is that of `--help`.
"""

from gmm_ppl.cli import calibrate, checks, compare, names, runs  # noqa: F401 (the order of --help)
from gmm_ppl.cli.app import app, main

__all__ = ["app", "main"]

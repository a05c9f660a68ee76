"""The application that commands register with, and the options that several of them share."""

from pathlib import Path
from typing import Annotated

import typer

from gmm_ppl.garbage import collect_rarely

EPILOG = (
    "Compiled programs are kept in the user's cache directory and reused; set GMM_PPL_CACHE=off to keep none, or "
    "GMM_PPL_CACHE=DIR to keep them elsewhere."
)

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, epilog=EPILOG
)

Config = Annotated[Path, typer.Argument(metavar="CONFIG", help="A YAML file, such as configs/faithful.yaml.")]
Configs = Annotated[list[Path], typer.Argument(metavar="CONFIG", help="YAML files, such as configs/faithful.yaml.")]
Directory = Annotated[Path, typer.Argument(metavar="DIR", help="A run directory, such as reports/faithful.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key, as in --set em.starts=5.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show warnings and errors only.")]


def main() -> None:
    """Entry point of `gmm-ppl`."""
    collect_rarely()
    try:
        app(prog_name="gmm-ppl")
    finally:
        # Where Ctrl-C came while a string was evaluated, as dataclasses are made when they are imported, Python remembers it and
        # ends by the signal whatever exit code was asked for. A string that is evaluated anew makes it forget.
        eval("None")


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(version("gmm_ppl"))
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Gaussian mixtures from a YAML file: EM, NUTS from it, one labelled result, a report."""

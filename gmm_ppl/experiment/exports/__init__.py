"""Finished runs handed to other tools.

To add one, write a function `(directories, store) -> list[str]`, what it said of each run, in a file beside these, and name it
in `EXPORTS`.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.exports.mlflow import to_mlflow
from gmm_ppl.experiment.words import listed, suggestion

EXPORTS: Mapping[str, Callable[[Sequence[Path], str], list[str]]] = {"mlflow": to_mlflow}


def export(directories: Sequence[Path], to: str, store: str) -> list[str]:
    """Hand finished runs to another tool; a sentence on each.

    Raises:
        InputError: an unknown tool, or whatever the tool's function refuses.
    """
    if to not in EXPORTS:
        raise InputError(f"--to: unknown tool '{to}'{suggestion(to, tuple(EXPORTS))} (known: {listed(EXPORTS)})")
    return EXPORTS[to](directories, store)


__all__ = ["EXPORTS", "export"]

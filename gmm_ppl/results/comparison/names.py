"""What the results of a comparison are called."""

import os
from collections.abc import Iterable
from pathlib import Path

from gmm_ppl.results.store import RESULTS


def name_of(path: str | os.PathLike[str]) -> str:
    """Of a run directory or of its `results.nc` the directory's name, of another file its own without `.nc`."""
    whole = Path(path).absolute()
    return whole.parent.name if whole.name == RESULTS else whole.name.removesuffix(".nc")


def numbered(names: Iterable[str]) -> list[str]:
    """The same names in the same order, each once: a second `a` becomes `a (2)`."""
    found: dict[str, None] = {}
    for name in names:
        number, free = 1, name
        while free in found:
            number += 1
            free = f"{name} ({number})"
        found[free] = None
    return list(found)

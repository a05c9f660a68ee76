"""Bundled data sets by name."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gmm_ppl.data.datasets.base import Description
from gmm_ppl.data.datasets.catalogue import DATASETS
from gmm_ppl.data.readers.registry import read_file
from gmm_ppl.data.tables import Table, table_of
from gmm_ppl.data.wording import did_you_mean, joined
from gmm_ppl.errors import InputError


def names() -> tuple[str, ...]:
    """The names of the bundled data sets."""
    return tuple(dataset.name for dataset in DATASETS)


def describe(name: str) -> Description:
    """What a data set holds: title, rows, units, source and references; `str()` of it is a short text.

    Raises:
        InputError: no data set of that name.
    """
    for dataset in DATASETS:
        if dataset.name == name:
            return dataset
    near = did_you_mean(str(name), names())
    raise InputError(f"No bundled data set '{name}'{near} There are {joined(names())}.")


def load(name: str, *, columns: Sequence[str] | None = None) -> Table:
    """A bundled data set as a table.

    Arguments:
        name: one of `names()`.
        columns: the features; all columns of numbers by default.

    Raises:
        InputError: no data set of that name, or no such column in it.
    """
    source = f"dataset {describe(name).name}"
    found = read_file(Path(__file__).parent / f"{name}.csv")
    return table_of(replace(found, source=source, origin=source), columns)

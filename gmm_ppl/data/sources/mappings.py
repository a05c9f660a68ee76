"""A mapping from names to columns, such as a dict of lists."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gmm_ppl.data.columns import Columns, column_from_array
from gmm_ppl.data.sources import arrays
from gmm_ppl.data.sources.base import Source
from gmm_ppl.errors import InputError


def read(data: Mapping[Any, Any]) -> Columns:
    """The columns of a mapping, in its order."""
    columns = {str(name): _as_array(str(name), cells) for name, cells in data.items()}
    return columns_of(columns, source="dict", origin="the dict")


def _as_array(name: str, cells: Any) -> np.ndarray:
    try:
        return arrays.as_array(cells)
    except InputError as error:
        raise InputError(f"Column '{name}' of the dict is not a list of single values: give one value a row.") from error


def columns_of(data: Mapping[str, np.ndarray], *, source: str, origin: str) -> Columns:
    """The columns (N,) of a mapping; a single entry of two dimensions is an array of (rows, features).

    Raises:
        InputError: entries of several dimensions beside each other, or of different lengths.
    """
    if len(data) == 1 and (only := next(iter(data.values()))).ndim > 1:
        return arrays.columns_of(only, source=source, origin=origin)
    for name, cells in data.items():
        if cells.ndim != 1:
            raise InputError(
                f"Column '{name}' of {origin} {_shape(cells)}, where one value a row is expected: "
                "give every column by itself, in one dimension."
            )
    rows = _common_length(data, origin)
    columns = tuple(column_from_array(name, cells) for name, cells in data.items())
    return Columns(columns, rows, source, origin)


def _shape(cells: np.ndarray) -> str:
    return f"has shape {cells.shape}" if cells.ndim else "is a single value"


def _common_length(data: Mapping[str, np.ndarray], origin: str) -> int:
    lengths = {name: len(cells) for name, cells in data.items()}
    first = next(iter(lengths), "")
    for name, length in lengths.items():
        if length != lengths[first]:
            raise InputError(
                f"The columns of {origin} differ in length: '{first}' has {lengths[first]} rows and '{name}' has "
                f"{length}; make them equal."
            )
    return lengths.get(first, 0)


MAPPING = Source("dict of columns", lambda data: isinstance(data, Mapping), read)

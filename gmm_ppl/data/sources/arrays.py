"""Anything NumPy can make an array of: NumPy, JAX and PyTorch arrays, lists of rows, structured and masked arrays."""

from collections.abc import Sized
from typing import Any

import numpy as np

from gmm_ppl.data.columns import Column, Columns, column_from_array, columns_from_matrix, decoded
from gmm_ppl.data.numbers import number
from gmm_ppl.data.sources.base import Source
from gmm_ppl.data.wording import at_start, quoted_cell
from gmm_ppl.errors import InputError

CONVERT = "convert it with numpy.asarray(data, dtype=float)"
LABELS = "pass a DataFrame or a dict of columns, in which columns of text become labels"


def read(data: Any) -> Columns:
    """The columns of an array-like object."""
    array = as_array(data)
    if array.ndim == 0 and array.dtype.kind == "O":
        raise InputError(
            f"Data of type {type(data).__name__} cannot be read as a table: "
            "give an array, a DataFrame, a dict of columns or the path of a file."
        )
    return columns_of(array, source="array", origin="the array")


def columns_of(array: np.ndarray, *, source: str, origin: str) -> Columns:
    """The columns of an array (N,) or (N, D), named x0, x1 …, or of a structured array (N,), named by its fields.

    Arguments:
        array: numbers of any real dtype, byte order and memory layout, with or without a mask.
        source: what the table will call the array.
        origin: what to call it in a sentence.

    Raises:
        InputError: no dimension or more than two, or text.
    """
    if array.dtype.names is not None:
        return _fields(array, array.dtype.names, source=source, origin=origin)
    if array.ndim not in (1, 2):
        raise InputError(shape_message(array.shape, origin))
    if array.dtype.kind in "UST" and array.size:
        raise InputError(_text_message(array, origin))
    matrix = array[:, None] if array.ndim == 1 else array
    return columns_from_matrix(matrix, None, source=source, origin=origin)


def shape_message(shape: tuple[int, ...], origin: str) -> str:
    """What to say of an array that is neither one feature nor rows and features."""
    if not shape:
        return f"{at_start(origin)} is a single value, where rows and columns are expected: give one row a case."
    advice = f"reshape it, for instance with reshape(-1, {shape[-1]})"
    return f"{at_start(origin)} has {len(shape)} dimensions, {shape}, where rows and columns are expected: {advice}."


def as_array(data: Any) -> np.ndarray:
    """`data` as an array, its mask kept, other subclasses such as numpy.matrix not."""
    try:
        array = np.asanyarray(data)
    except ValueError as error:
        raise InputError(_unequal_message(data)) from error
    return array if np.ma.isMaskedArray(array) else np.asarray(array)


def _unequal_message(data: Any) -> str:
    kind = type(data).__name__
    lengths = [len(row) if isinstance(row, Sized) else 1 for row in data] if isinstance(data, list | tuple) else []
    odd = next((row for row, length in enumerate(lengths) if length != lengths[0]), None)
    if odd is None:
        return f"The {kind} cannot be made an array: give every row one number a column."
    return (
        f"The rows of the {kind} differ in length: row 0 has {lengths[0]} and row {odd}, counting from 0, has "
        f"{lengths[odd]}; give every row one number a column."
    )


def _text_message(array: np.ndarray, origin: str) -> str:
    cells = decoded(np.asarray(array)).astype(str).ravel().tolist()
    words = [place for place, cell in enumerate(cells) if number(cell) is None]
    place = words[0] if words else 0
    example = f"{quoted_cell(cells[place])} in row {place // (array.size // len(array))}, counting from 0"
    return f"{at_start(origin)} holds text, for instance {example}: {LABELS if words else CONVERT}."


def _fields(array: np.ndarray, names: tuple[str, ...], *, source: str, origin: str) -> Columns:
    if array.ndim != 1:
        raise InputError(
            f"{at_start(origin)} has named fields and {array.ndim} dimensions, where one record a row is expected: "
            "flatten it with ravel()."
        )
    return Columns(tuple(_field(array[name], name, origin) for name in names), len(array), source, origin)


def _field(cells: np.ndarray, name: str, origin: str) -> Column:
    if cells.ndim != 1:
        raise InputError(f"Field '{name}' of {origin} has {cells[0].size} numbers a row: split it into fields of one number.")
    return column_from_array(name, cells)


ARRAY = Source("array or list of rows", lambda data: True, read)

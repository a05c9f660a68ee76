"""Anything NumPy can make an array of: NumPy, JAX and PyTorch arrays, lists of rows, structured and masked arrays."""

from typing import Any

import numpy as np

from gmm_ppl.data.columns import Column, Columns, column_from_array, columns_from_matrix
from gmm_ppl.data.sources.base import Source
from gmm_ppl.errors import InputError

CONVERT = "convert it to numbers with numpy.asarray(data, dtype=float)"


def read(data: Any) -> Columns:
    """The columns of an array-like object."""
    array = _as_array(data)
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
        InputError: no dimension or more than two, text or Python objects.
    """
    if array.dtype.names is not None:
        return _fields(array, array.dtype.names, source=source, origin=origin)
    if array.ndim not in (1, 2):
        raise InputError(shape_message(array.shape, origin))
    if array.dtype.kind in "USTO" and array.size:
        raise InputError(_text_message(array, origin))
    matrix = array[:, None] if array.ndim == 1 else array
    return columns_from_matrix(matrix, None, source=source, origin=origin)


def shape_message(shape: tuple[int, ...], origin: str) -> str:
    """What to say of an array that is neither one feature nor rows and features."""
    if not shape:
        return f"A single number in {origin}, where rows and columns are expected: give one row an observation."
    advice = f"reshape it, for instance with reshape(-1, {shape[-1]})"
    return f"{len(shape)} dimensions in {origin}, of shape {shape}, where rows and columns are expected: {advice}."


def _as_array(data: Any) -> np.ndarray:
    """`data` as an array, its mask kept, other subclasses such as numpy.matrix not."""
    try:
        array = np.asanyarray(data)
    except ValueError as error:
        raise InputError(_unequal_message(data, error)) from error
    return array if np.ma.isMaskedArray(array) else np.asarray(array)


def _unequal_message(data: Any, error: ValueError) -> str:
    lengths = [np.size(row) for row in data] if isinstance(data, list | tuple) else []
    odd = next((row for row, length in enumerate(lengths) if length != lengths[0]), None)
    if odd is None:
        return f"Data of type {type(data).__name__} cannot be made an array of rows and columns ({error})."
    return (
        f"The rows of the list differ in length: row 0 has {lengths[0]} and row {odd}, counting from 0, has "
        f"{lengths[odd]}; give every row one number a column."
    )


def _text_message(array: np.ndarray, origin: str) -> str:
    cells = array.ravel().tolist()
    place = next((place for place, cell in enumerate(cells) if not isinstance(cell, int | float)), 0)
    cell, row = cells[place], place // (array.size // len(array))
    kind = "Python objects" if array.dtype.kind == "O" else "text"
    example = f"{cell!r} ({type(cell).__name__}) in row {row}, counting from 0"
    return f"{kind.capitalize()} in {origin} (dtype {array.dtype}), for instance {example}: {CONVERT}."


def _fields(array: np.ndarray, names: tuple[str, ...], *, source: str, origin: str) -> Columns:
    if array.ndim != 1:
        raise InputError(
            f"{array.ndim} dimensions in {origin} with fields, where one record a row is expected: flatten it."
        )
    return Columns(tuple(_field(array[name], name, origin) for name in names), len(array), source, origin)


def _field(cells: np.ndarray, name: str, origin: str) -> Column:
    if cells.ndim != 1:
        raise InputError(
            f"Field '{name}' of {origin} has {cells[0].size} numbers a row: split it into fields of one number."
        )
    return column_from_array(name, cells)


ARRAY = Source("array or list of rows", lambda data: True, read)

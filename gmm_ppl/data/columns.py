"""Columns as they come out of a file or an object: named and sorted by kind, but not judged yet.

Every reader and every source answers with `Columns`; `gmm_ppl.data.tables` turns it into a `Table` or refuses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np


class Kind(Enum):
    """What the cells of a column are; the value is the word for it in messages."""

    NUMBER = "numbers"
    TEXT = "text"
    MIXED = "numbers and text"
    DATE = "dates or durations"
    COMPLEX = "complex numbers"
    OBJECT = "Python objects"


@dataclass(frozen=True, eq=False)
class Column:
    """One column: N cells of one kind.

    `cells` (N,) holds numbers of any real dtype for `Kind.NUMBER` and whatever was found for the others. `missing` (N,)
    is True where the source held no value; `inexact` (N,) where it held an integer that float64 cannot hold.
    """

    name: str
    cells: np.ndarray
    kind: Kind
    missing: np.ndarray | None = None
    inexact: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Columns:
    """All columns of one source, all of length `rows`.

    `source` is the name a table carries ("faithful.csv", "array"); `origin` says the same inside a sentence, with the
    path as the user gave it ("data/faithful.csv", "the array"). `lines` (N,) is the line of the file that each row
    stands on, from 1, for text files only. `numbered` is True where the names x0, x1 … were made up here, and columns
    may be asked for by position. `row_names` (N,) is the text of a first column without a name, for text files only; it
    is none of `columns`.
    """

    columns: tuple[Column, ...]
    rows: int
    source: str
    origin: str
    lines: np.ndarray | None = None
    numbered: bool = False
    row_names: np.ndarray | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)


_KINDS = {
    "b": Kind.NUMBER,
    "i": Kind.NUMBER,
    "u": Kind.NUMBER,
    "f": Kind.NUMBER,
    "U": Kind.TEXT,
    "T": Kind.TEXT,
    "M": Kind.DATE,
    "m": Kind.DATE,
    "c": Kind.COMPLEX,
}


def column_from_array(name: str, cells: np.ndarray) -> Column:
    """The column of a one-dimensional array, its kind read off the dtype.

    Masked entries become missing cells, bytes become text, and the short floats that JAX brings along (bfloat16,
    float8), which NumPy knows only as raw bytes, become float32, which holds them exactly.
    """
    missing = np.ma.getmaskarray(cells) if np.ma.isMaskedArray(cells) else None
    cells = decoded(np.asarray(cells))
    if cells.dtype.kind == "V" and "float" in cells.dtype.name:
        cells = cells.astype(np.float32)
    if cells.dtype.kind == "O":
        return _column_of_objects(name, cells, missing)
    return Column(name, cells, _KINDS.get(cells.dtype.kind, Kind.OBJECT), missing)


def decoded(cells: np.ndarray) -> np.ndarray:
    """Bytes as text; any other cells as they are."""
    return np.char.decode(cells, "utf-8", "replace") if cells.dtype.kind == "S" else cells


def _column_of_objects(name: str, cells: np.ndarray, masked: np.ndarray | None) -> Column:
    """Text kept as Python strings is text; other objects are left as they are, to be refused. None is no value."""
    none = np.array([cell is None for cell in cells], dtype=bool)
    missing = none if masked is None else none | masked
    if not missing.all() and all(isinstance(cell, str) for cell in cells[~missing]):
        return Column(name, np.where(missing, "", cells).astype(str), Kind.TEXT, missing)
    return Column(name, cells, Kind.OBJECT, missing)


def made_up_names(count: int) -> tuple[str, ...]:
    """The names x0, x1 … of columns that came without one."""
    return tuple(f"x{position}" for position in range(count))


def columns_from_matrix(matrix: np.ndarray, names: Sequence[str] | None, *, source: str, origin: str) -> Columns:
    """The columns of a two-dimensional array, rows first; without `names` they are called x0, x1 …"""
    labels = made_up_names(matrix.shape[1]) if names is None else names
    columns = [column_from_array(name, matrix[:, position]) for position, name in enumerate(labels)]
    return Columns(tuple(columns), matrix.shape[0], source, origin, numbered=names is None)


def as_text(column: Column) -> np.ndarray:
    """The cells as text of shape (N,), empty where the value is missing."""
    cells = [str(cell) for cell in column.cells]
    text = np.array(cells, dtype=str) if cells else np.empty(0, dtype=str)
    if column.missing is None:
        return text
    return np.where(column.missing, "", text)

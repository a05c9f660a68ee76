"""The one form in which rows reach the rest of the library: `Table`, and `as_table`, which makes one of anything."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gmm_ppl.data.checks import finite_problems, integer_problems, kind_problems, row_problems, spread_problems
from gmm_ppl.data.columns import Column, Columns, Kind, as_text, column_from_array
from gmm_ppl.data.numbers import to_float64
from gmm_ppl.data.readers.registry import read_file
from gmm_ppl.data.selection import select
from gmm_ppl.data.sources.registry import read_object
from gmm_ppl.data.wording import raise_problems
from gmm_ppl.errors import InputError


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """N rows of D features, ready to be fitted, with what else was known of the rows.

    Attributes:
        values: (N, D) float64, column after column in memory, read-only and finite; no column constant, none a copy of another.
        features: the D names.
        source: where the rows come from: "dataset faithful", "measurements.csv", "array", "DataFrame".
        labels: the columns that are not features, such as a species, each (N,) of text or numbers, read-only; a missing
            label is empty text or NaN. Names of the rows that a text file has in a first column without a name are the
            label `row_names`, always text.
        remarks: what was made of the source that its columns do not say, for instance of such a first column.

    `len(table)` is N, and `numpy.asarray(table)` is `values`.
    """

    values: np.ndarray
    features: tuple[str, ...]
    source: str
    labels: Mapping[str, np.ndarray]
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: np.typing.DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:  # noqa: FBT001
        return np.array(self.values, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        count = len(self.features)
        features = f"{count} feature{'' if count == 1 else 's'} ({', '.join(self.features)})"
        labels = f", labels {', '.join(self.labels)}" if self.labels else ""
        return f"<Table {self.source}: {len(self)} rows of {features}{labels}>"


def as_table(
    data: "Table | str | os.PathLike[str] | Mapping[str, Any] | Any", *, columns: Sequence[str | int] | None = None
) -> Table:
    """Make a table of a file or of an object in memory.

    Arguments:
        data: a table (handed back as it is where `columns` asks for nothing else); a path, whose suffix tells the
            format (.csv, .tsv, .npy, .npz, .nc, .parquet); an array or list of rows, one-dimensional for one feature; a
            DataFrame or Series of any library; a mapping from names to columns; an xarray object.
        columns: the features, by name and in this order, or by position from 0 where the data have no names (there
            the features are called x0, x1 …). The other columns become labels. Without it every column of numbers is a
            feature and every column of text a label. In .csv and .tsv a first column without a name is never a feature:
            it holds the names of the rows.

    Returns:
        A table with its own copy of the values in float64. Integers, booleans, narrower floats, other byte orders and
        memory layouts are converted exactly.

    Raises:
        InputError: nothing there to read, or columns that cannot be used: not numbers, missing or infinite values,
            integers that float64 would round, one value throughout, a copy or a linear function of another column.
    """
    if isinstance(data, Table):
        if columns is None or list(columns) == list(data.features):
            return data
        return replace(table_of(_columns_of_table(data), columns), remarks=data.remarks)
    found = read_file(data) if isinstance(data, str | os.PathLike) else read_object(data)
    return table_of(found, columns)


def table_of(found: Columns, columns: Sequence[str | int] | None) -> Table:
    """The table of columns that were read; raises `InputError` as `as_table` does."""
    features, rest = select(found, columns)
    raise_problems(found.origin, row_problems(found))
    raise_problems(found.origin, [*kind_problems(found, features), *integer_problems(found, features)])
    names = tuple(column.name for column in features)
    values = aligned(found.rows, len(features))
    for place, column in enumerate(features):
        values[:, place] = to_float64(column)
    raise_problems(found.origin, finite_problems(found, names, values))
    raise_problems(found.origin, spread_problems(found, names, values))
    labels = {column.name: _read_only(_label(column)) for column in rest}
    if found.row_names is None:
        return Table(_read_only(values), names, found.source, labels)
    name = _free_name(found)
    remark = f"the first column has no name: it holds the names of the rows, kept as the label {name}, and is no feature"
    return Table(_read_only(values), names, found.source, {name: _read_only(found.row_names), **labels}, (remark,))


def _free_name(found: Columns) -> str:
    """`row_names`, or with lines below it where columns have that name already."""
    name = "row_names"
    while name in found.names:
        name += "_"
    return name


def check_enough_rows(table: Table, components: int) -> None:
    """Raise `InputError` where a mixture would have more components than `table` has rows."""
    rows = len(table)
    if rows < components:
        raise InputError(
            f"{components} components are more than the {rows} rows of the data ({table.source}): "
            f"take at most {rows}, and far fewer if their shapes are to be learnt."
        )


def fingerprint(table: Table) -> str:
    """The SHA-256, in hexadecimal, of the features' names and of the values as little-endian float64.

    The same on every machine; neither the source nor the labels enter it.
    """
    digest = hashlib.sha256(json.dumps([table.features, table.values.shape]).encode())
    digest.update(np.ascontiguousarray(table.values, dtype="<f8"))
    return digest.hexdigest()


def _label(column: Column) -> np.ndarray:
    """Text, float64, or integers and booleans as they are but in this machine's byte order: what a file can hold."""
    if column.kind is not Kind.NUMBER:
        return as_text(column)
    missing = column.missing is not None and column.missing.any()
    if missing or column.cells.dtype.kind == "f":
        return to_float64(column)
    return column.cells.astype(column.cells.dtype.newbyteorder("="))


def _columns_of_table(table: Table) -> Columns:
    features = [column_from_array(name, cells) for name, cells in zip(table.features, table.values.T, strict=True)]
    labels = [column_from_array(name, cells) for name, cells in table.labels.items()]
    return Columns((*features, *labels), len(table), table.source, table.source)


def aligned(rows: int, features: int) -> np.ndarray:
    """An empty float64 array (N, D), column after column, that begins at a multiple of 64 bytes: XLA can use it in place."""
    memory = np.empty(rows * features + 8)
    first = -memory.ctypes.data % 64 // 8
    return memory[first : first + rows * features].reshape(features, rows).T


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array

"""DataFrames and Series of any library that narwhals knows: pandas, polars, pyarrow, Modin, DuckDB …"""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from gmm_ppl.data.columns import Column, Columns, Kind, column_from_array, made_up_names
from gmm_ppl.data.sources.base import Source
from gmm_ppl.errors import InputError

if TYPE_CHECKING:
    import narwhals


def recognises(data: Any) -> bool:
    """True for a frame, lazy or not, or a series; plain arrays and lists are told apart without loading narwhals."""
    return not isinstance(data, np.ndarray | list | tuple) and _wrapped(data) is not data


def read(data: Any) -> Columns:
    """The columns of a frame or series, its index left out."""
    kind = type(data).__name__
    return columns_of(data, source=kind, origin=f"the {kind}")


def columns_of(data: Any, *, source: str, origin: str) -> Columns:
    """The columns of a frame under their names; a series without a name is x0.

    Nulls, and the NaN of pandas, are missing cells. Categories are text.

    Raises:
        InputError: two columns of one name.
    """
    import narwhals as nw

    frame = _wrapped(data)
    if isinstance(frame, nw.Series):
        name = made_up_names(1)[0] if frame.name in (None, "") else str(frame.name)
        return Columns((_column(name, frame),), len(frame), source, origin)
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    columns = tuple(_column(str(series.name), series) for series in eager.iter_columns())
    return Columns(columns, len(eager), source, origin)


def _wrapped(data: Any) -> Any:
    import narwhals as nw

    try:
        return nw.from_native(data, pass_through=True, allow_series=True)
    except nw.exceptions.DuplicateError as error:
        names = data.column_names if hasattr(data, "column_names") else data.columns
        name, count = Counter(names).most_common(1)[0]
        message = f"{count} columns of the {type(data).__name__} are called '{name}': give them different names."
        raise InputError(message) from error


def _column(name: str, series: "narwhals.Series[Any]") -> Column:
    import narwhals as nw

    missing = series.is_null().to_numpy().astype(bool)
    if series.dtype in (nw.String, nw.Categorical, nw.Enum):
        text = ["" if cell is None else str(cell) for cell in series.cast(nw.String).fill_null("").to_list()]
        return Column(name, np.array(text, dtype=str), Kind.TEXT, missing)
    if series.dtype in (nw.Decimal, nw.Int128, nw.UInt128) or (series.dtype == nw.Boolean and missing.any()):
        return Column(name, series.cast(nw.Float64).to_numpy(), Kind.NUMBER, missing)
    cells = series.to_numpy()
    if cells.ndim != 1 or cells.dtype.kind == "O":
        return Column(name, np.fromiter(series.to_list(), dtype=object, count=len(series)), Kind.OBJECT, missing)
    column = column_from_array(name, cells)
    return Column(name, column.cells, column.kind, missing)


FRAME = Source("DataFrame or Series", recognises, read)

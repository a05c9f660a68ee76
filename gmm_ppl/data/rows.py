"""New rows for a fitted mixture: read as data are, but free to be a single row or constant."""

import os
from collections.abc import Sequence

import numpy as np

from gmm_ppl.data.checks import finite_problems, kind_problems
from gmm_ppl.data.columns import Columns
from gmm_ppl.data.numbers import to_float64
from gmm_ppl.data.readers.registry import read_file
from gmm_ppl.data.selection import select
from gmm_ppl.data.sources.registry import read_object
from gmm_ppl.data.tables import Table
from gmm_ppl.data.wording import raise_problems
from gmm_ppl.errors import InputError


def new_rows(data: object, features: Sequence[str] | None, count: int) -> np.ndarray:
    """Rows (N, D) in double precision.

    Args:
        data: whatever `as_table` takes; columns with names are found by them, where the names of the fit are known.
        features: the fit's names, if any.
        count: D of the fit.

    Raises:
        InputError: no rows, another number of features, columns that are missing or no finite numbers.
    """
    found = columns_of(data)
    chosen, _ = select(found, None if found.numbered or features is None else list(features))
    raise_problems(found.origin, kind_problems(found, chosen))
    if found.rows == 0 or len(chosen) != count:
        raise InputError(f"{found.origin} has {found.rows} rows of {len(chosen)} features; expected at least one row of {count}.")
    values = np.column_stack([to_float64(column) for column in chosen])
    raise_problems(found.origin, finite_problems(found, [column.name for column in chosen], values))
    return values


def columns_of(data: object) -> Columns:
    """All columns of a table, a file or an object in memory."""
    if isinstance(data, Table):
        return read_object(dict(zip(data.features, data.values.T, strict=True)))
    return read_file(data) if isinstance(data, str | os.PathLike) else read_object(data)

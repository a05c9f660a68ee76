"""What a table must not contain, one function a reason; each answers with whole sentences, none where all is well.

Rows are counted from 0, as in arrays; lines of a text file from 1, as in an editor.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gmm_ppl.data.columns import Column, Columns, Kind
from gmm_ppl.data.copies import Copy, copies
from gmm_ppl.data.numbers import has_commas, inexact_rows, is_missing, number
from gmm_ppl.data.wording import plain, rows_of, shortened
from gmm_ppl.errors import InputError

if TYPE_CHECKING:
    from gmm_ppl.data.tables import Table

LISTED_TEXTS = 3
LEAVE_OUT = "or leave the column out by naming the others in `columns`"
ONE_SEPARATOR = "Write numbers with a decimal point and no other separator, as in 1234.5"


def check_enough_rows(table: "Table", components: int) -> None:
    """Raise `InputError` where a mixture would have more components than `table` has rows."""
    rows = len(table)
    if rows < components:
        raise InputError(
            f"{components} components are more than the {rows} rows of {table.source}: "
            f"take at most {rows}, and far fewer if their shapes are to be learnt."
        )


def row_problems(found: Columns) -> list[str]:
    """Too few rows to fit anything to."""
    if found.rows == 0:
        return [f"No rows in {found.origin}, only columns: a mixture needs at least two rows."]
    if found.rows == 1:
        return [f"Only one row in {found.origin}: a mixture needs at least two rows."]
    return []


def kind_problems(found: Columns, features: Sequence[Column]) -> list[str]:
    """Columns that are asked for, or would be taken, as features and do not hold numbers."""
    return [_KIND_SENTENCES[column.kind](found, column) for column in features if column.kind is not Kind.NUMBER]


def integer_problems(found: Columns, features: Sequence[Column]) -> list[str]:
    """Integers beyond 2⁵³ that float64 would round: distinct identifiers would become equal."""
    problems = []
    for column in features:
        rows = inexact_rows(column)
        if len(rows):
            problems.append(
                f"{_of(found, column.name)} has integers too long for a 64-bit float, which would round them, in "
                f"{_where(found, rows)}. Subtract an offset from them, or, if they only name the rows, leave the "
                "column out by naming the others in `columns`."
            )
    return problems


def finite_problems(found: Columns, names: Sequence[str], values: np.ndarray) -> list[str]:
    """Missing and infinite values, of `values` (N, D)."""
    if np.isfinite(values).all():
        return []
    problems = []
    for name, cells in zip(names, values.T, strict=True):
        missing, infinite = np.flatnonzero(np.isnan(cells)), np.flatnonzero(np.isinf(cells))
        if len(missing):
            advice = f"Remove these rows or fill in the values, {LEAVE_OUT}."
            problems.append(f"{_of(found, name)} is missing or NaN in {_where(found, missing)}. {advice}")
        if len(infinite):
            advice = f"Remove or correct these rows, {LEAVE_OUT}."
            problems.append(f"{_of(found, name)} is infinite in {_where(found, infinite)}. {advice}")
    return problems


def spread_problems(found: Columns, names: Sequence[str], values: np.ndarray) -> list[str]:
    """Columns that hold one value throughout, or repeat another column, of finite `values` (N, D)."""
    constant = values.max(axis=0) == values.min(axis=0)
    if constant.any():
        return [
            f"{_of(found, names[place])} is {plain(values[0, place])} in every row, so it has no variance to model: "
            "leave it out by naming the others in `columns`."
            for place in np.flatnonzero(constant)
        ]
    return [_copy_sentence(found, names, copy) for copy in copies(values)]


def _copy_sentence(found: Columns, names: Sequence[str], copy: Copy) -> str:
    original, other = names[copy.original], names[copy.copy]
    advice = "leave one of them out by naming the others in `columns`: together they have no covariance to model."
    if copy.slope == 1 and copy.intercept == 0:
        return f"Columns '{original}' and '{other}' of {found.origin} are equal in every row; {advice}"
    sign = "-" if copy.intercept < 0 else "+"
    formula = f"{copy.slope:.6g} × {original} {sign} {abs(copy.intercept):.6g}"
    return f"{_of(found, other)} is a linear function of column '{original}' ({formula}) in every row; {advice}"


def _text_sentence(found: Columns, column: Column) -> str:
    example = np.flatnonzero(column.cells != "")[:1]
    shown = f" ({_cells(found, column.cells, example)})" if len(example) else ""
    if len(example) and has_commas(column.cells[example[0]]):
        return f"{_of(found, column.name)} holds numbers with commas{shown}. {ONE_SEPARATOR}, {LEAVE_OUT}."
    return f"{_of(found, column.name)} holds text{shown}, which cannot be a feature: name other columns in `columns`."


def _mixed_sentence(found: Columns, column: Column) -> str:
    rows = np.array([row for row, cell in enumerate(column.cells) if not is_missing(cell) and number(cell) is None])
    count = f"in {len(rows)} of {found.rows} rows"
    shown = _cells(found, column.cells, rows)
    commas = all(has_commas(column.cells[row]) for row in rows)
    advice = ONE_SEPARATOR if commas else "Correct these cells"
    return f"{_of(found, column.name)} holds text among its numbers {count}: {shown}. {advice}, {LEAVE_OUT}."


def _date_sentence(found: Columns, column: Column) -> str:
    return (
        f"{_of(found, column.name)} holds dates or durations: turn them into numbers, for instance days since "
        f"the first one, {LEAVE_OUT}."
    )


def _complex_sentence(found: Columns, column: Column) -> str:
    return (
        f"{_of(found, column.name)} holds complex numbers: give their real and imaginary parts as two columns, "
        f"{LEAVE_OUT}."
    )


def _object_sentence(found: Columns, column: Column) -> str:
    odd = [row for row, cell in enumerate(column.cells) if not isinstance(cell, int | float)]
    row = odd[0] if odd else 0
    cell = column.cells[row]
    return (
        f"{_of(found, column.name)} holds Python objects (dtype {column.cells.dtype}), for instance "
        f"{cell!r} ({type(cell).__name__}) in row {row}, counting from 0: convert it to numbers, {LEAVE_OUT}."
    )


_KIND_SENTENCES = {
    Kind.TEXT: _text_sentence,
    Kind.MIXED: _mixed_sentence,
    Kind.DATE: _date_sentence,
    Kind.COMPLEX: _complex_sentence,
    Kind.OBJECT: _object_sentence,
}


def _of(found: Columns, name: str) -> str:
    return f"Column '{name}' of {found.origin}"


def _where(found: Columns, rows: np.ndarray) -> str:
    return f"{len(rows)} of {found.rows} rows: {rows_of(rows, found.lines)}"


def _cells(found: Columns, cells: np.ndarray, rows: np.ndarray) -> str:
    """The first few cells with their places: 'abc' on line 5 and 'x' on line 9."""
    places = [f"on line {found.lines[row]}" if found.lines is not None else f"in row {row}" for row in rows]
    shown = [f"'{cells[row]}' {place}" for row, place in zip(rows, places, strict=True)]
    return shortened(shown, LISTED_TEXTS)

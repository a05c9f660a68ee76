"""What a table must not contain, one function a reason; each answers with the problems it finds.

Rows are counted from 0, as in arrays; lines of a text file from 1, as in an editor.
"""

from collections.abc import Sequence

import numpy as np

from gmm_ppl.data.columns import Column, Columns, Kind
from gmm_ppl.data.copies import Copy, copies
from gmm_ppl.data.numbers import has_commas, inexact_rows, is_missing, number
from gmm_ppl.data.wording import Problem, at_start, plain, quoted, quoted_cell, rows_of, shortened

LISTED_CELLS = 3
POINTS = "Write numbers with a decimal point and no other separator, as in 1234.5"


def row_problems(found: Columns) -> list[Problem]:
    """Too few rows to fit anything to."""
    if found.rows == 0:
        columns = "" if found.numbered else f"columns, {quoted(found.names)}, but "
        return [Problem(f"{at_start(found.origin)} has {columns}no rows.", "A mixture needs at least two rows.")]
    if found.rows == 1:
        return [Problem(f"{at_start(found.origin)} has only one row.", "A mixture needs at least two rows.")]
    return []


def kind_problems(found: Columns, features: Sequence[Column]) -> list[Problem]:
    """Columns that are asked for, or would be taken, as features and do not hold numbers."""
    return [_KIND_PROBLEMS[column.kind](found, column) for column in features if column.kind is not Kind.NUMBER]


def integer_problems(found: Columns, features: Sequence[Column]) -> list[Problem]:
    """Integers beyond 2⁵³ that float64 would round, so that different ones could become equal."""
    problems = []
    for column in features:
        rows = inexact_rows(column)
        if len(rows):
            fact = f"{_of(found, column.name)} has integers with too many digits for a 64-bit float in"
            advice = _or_leave_out(found, "Subtract an offset from them to keep them exact")
            problems.append(Problem(f"{fact} {_where(found, rows)}.", advice))
    return problems


def finite_problems(found: Columns, names: Sequence[str], values: np.ndarray) -> list[Problem]:
    """Missing and infinite values, of `values` (N, D)."""
    if np.isfinite(values).all():
        return []
    problems = []
    for name, cells in zip(names, values.T, strict=True):
        missing, infinite = np.flatnonzero(np.isnan(cells)), np.flatnonzero(np.isinf(cells))
        if len(missing):
            problems.append(_missing_problem(found, name, missing))
        if len(infinite):
            advice = _or_leave_out(found, "Remove or correct the rows with infinite values")
            problems.append(Problem(f"{_of(found, name)} is infinite in {_where(found, infinite)}.", advice))
    return problems


def _missing_problem(found: Columns, name: str, rows: np.ndarray) -> Problem:
    advice = _or_leave_out(found, "Remove the rows without a value or fill them in")
    return Problem(f"{_of(found, name)} is missing or NaN in {_where(found, rows)}.", advice)


def spread_problems(found: Columns, names: Sequence[str], values: np.ndarray) -> list[Problem]:
    """Columns that hold one value throughout, or repeat another column, of finite `values` (N, D)."""
    constant = np.flatnonzero(values.max(axis=0) == values.min(axis=0)).tolist()
    if not constant:
        return [_copy_problem(found, names, copy) for copy in copies(values)]
    all_are = len(constant) == len(found.columns)
    advice = "Give columns that vary." if all_are else _leave_out("Leave such columns out")
    return [
        Problem(f"{_of(found, names[place])} is {plain(values[0, place])} in every row: it has no variance.", advice)
        for place in constant
    ]


def _copy_problem(found: Columns, names: Sequence[str], copy: Copy) -> Problem:
    original, other = names[copy.original], names[copy.copy]
    advice = _leave_out("Leave one of the two out")
    if copy.slope == 1 and copy.intercept == 0:
        fact = f"Columns '{original}' and '{other}' of {found.origin} are equal in every row"
    else:
        fact = f"{_of(found, other)} is {_formula(copy, original)} in every row"
    return Problem(f"{fact}: the covariance of the two is singular.", advice)


def _formula(copy: Copy, original: str) -> str:
    """The linear function in words: -1.8 × '…' + 32."""
    term = f"{copy.slope:.6g} × '{original}'"
    if copy.intercept == 0:
        return term
    return f"{term} {'-' if copy.intercept < 0 else '+'} {abs(copy.intercept):.6g}"


def _text_problem(found: Columns, column: Column) -> Problem:
    filled = np.flatnonzero(column.cells != "")
    shown = f" ({_cells(found, column, filled[:1])})" if len(filled) else ""
    if len(filled) and all(has_commas(str(column.cells[row])) for row in filled):
        return Problem(f"{_of(found, column.name)} holds numbers with commas{shown}.", _or_leave_out(found, POINTS))
    advice = "Name columns of numbers in `columns`; those of text become labels."
    return Problem(f"{_of(found, column.name)} holds text{shown} and cannot be a feature.", advice)


def _mixed_problem(found: Columns, column: Column) -> Problem:
    cells = [str(cell) for cell in column.cells]
    rows = [row for row, cell in enumerate(cells) if not is_missing(cell) and number(cell) is None]
    fact = f"{_of(found, column.name)} holds text among its numbers in {len(rows)} of {found.rows} rows"
    commas = all(has_commas(cells[row]) for row in rows)
    advice = _or_leave_out(found, POINTS if commas else "Correct the cells with text")
    return Problem(f"{fact}: {_cells(found, column, np.array(rows))}.", advice)


def _date_problem(found: Columns, column: Column) -> Problem:
    advice = "Turn dates into numbers, for instance days since the first one"
    return Problem(f"{_of(found, column.name)} holds dates or durations.", _or_leave_out(found, advice))


def _complex_problem(found: Columns, column: Column) -> Problem:
    advice = "Give the real and the imaginary part as two columns"
    return Problem(f"{_of(found, column.name)} holds complex numbers.", _or_leave_out(found, advice))


def _object_problem(found: Columns, column: Column) -> Problem:
    odd = [row for row, cell in enumerate(column.cells) if not isinstance(cell, int | float)]
    if odd and all(column.cells[row] is None for row in odd):
        return _missing_problem(found, column.name, np.array(odd))
    row = odd[0] if odd else 0
    cell = column.cells[row]
    example = f"{quoted_cell(str(cell))}, of type {type(cell).__name__}, in row {row}, counting from 0"
    advice = _or_leave_out(found, "Convert the column to a type of numbers, for instance with astype(float)")
    return Problem(f"{_of(found, column.name)} holds Python objects ({example}).", advice)


_KIND_PROBLEMS = {
    Kind.TEXT: _text_problem,
    Kind.MIXED: _mixed_problem,
    Kind.DATE: _date_problem,
    Kind.COMPLEX: _complex_problem,
    Kind.OBJECT: _object_problem,
}


def _of(found: Columns, name: str) -> str:
    return f"Column '{name}' of {found.origin}"


def _where(found: Columns, rows: np.ndarray) -> str:
    return f"{len(rows)} of {found.rows} rows: {rows_of(rows, found.lines)}"


def _leave_out(advice: str) -> str:
    return f"{advice} by naming the others in `columns`."


def _or_leave_out(found: Columns, advice: str) -> str:
    return f"{advice}." if len(found.columns) == 1 else f"{advice}, or choose other columns with `columns`."


def _cells(found: Columns, column: Column, rows: np.ndarray) -> str:
    """The first few cells with their places: 'abc' on line 5 and 'x' on line 9."""
    places = [f"in row {row}" if found.lines is None else f"on line {found.lines[row]}" for row in rows]
    shown = [f"{quoted_cell(str(column.cells[row]))} {place}" for row, place in zip(rows, places, strict=True)]
    return shortened(shown, LISTED_CELLS)

"""Which columns become features: those asked for, in that order, or else every column of numbers."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from gmm_ppl.data.columns import Column, Columns, Kind
from gmm_ppl.data.numbers import has_commas, number
from gmm_ppl.data.wording import at_start, did_you_mean, quoted, shortened
from gmm_ppl.errors import InputError

ROW_NUMBERS = (
    "If it only numbers the rows, write the file without it (pandas: index=False, R: row.names=FALSE), else name it; "
    "or name the columns to use in `columns`."
)
LISTED_HEADER = 6


def select(found: Columns, columns: Sequence[str | int] | None) -> tuple[list[Column], list[Column]]:
    """Divide the columns of a source into features and labels.

    Arguments:
        found: what a reader or a source came back with.
        columns: the features by name, or by position from 0 where the columns came without names; None takes every
            column that is not text, so that a column of dates or of numbers with slips is refused rather than dropped.

    Raises:
        InputError: a name repeated or missing in the source, or repeated, missing or of a wrong type in `columns`.
    """
    if not found.columns:
        raise InputError(f"{at_start(found.origin)} has no columns. A mixture needs at least one column of numbers.")
    _check_names(found)
    if columns is None:
        return _all_numbers(found)
    wanted = [_position(found, column) for column in _checked_list(columns)]
    repeated = [found.names[place] for place in sorted(set(wanted)) if wanted.count(place) > 1]
    if repeated:
        raise InputError(f"`columns` names {quoted(repeated)} more than once: name every column once.")
    rest = [column for place, column in enumerate(found.columns) if place not in wanted and column.name]
    return [found.columns[place] for place in wanted], rest


def _all_numbers(found: Columns) -> tuple[list[Column], list[Column]]:
    for place, name in enumerate(found.names, start=1 if found.row_names is None else 2):
        if not name:
            raise InputError(f"Column {place} from the left of {found.origin} has no name. {ROW_NUMBERS}")
    features = [column for column in found.columns if column.kind is not Kind.TEXT or _holds_commas(column)]
    if not features:
        raise InputError(
            f"{at_start(found.origin)} has no column of numbers, only text ({quoted(found.names)}). "
            "A mixture needs at least one column of numbers."
        )
    if found.lines is not None and all(number(column.name) is not None for column in features) and not _counted(found):
        cells = shortened(found.names, LISTED_HEADER)
        raise InputError(
            f"The first line of {found.origin} ({cells}) reads like data, where the names of the columns are "
            "expected: put a line with names above it; if these are the names, ask for them in `columns`."
        )
    return features, [column for column in found.columns if column not in features]


def _counted(found: Columns) -> bool:
    """True where pandas wrote a frame without names: the columns are called 0, 1 …, and the rows have names."""
    return found.row_names is not None and found.names == tuple(map(str, range(len(found.columns))))


def _holds_commas(column: Column) -> bool:
    """True where every cell is a number written with commas, which no label would be."""
    cells = column.cells[column.cells != ""]
    return len(cells) > 0 and all(has_commas(cell) for cell in cells)


def _check_names(found: Columns) -> None:
    for name, count in Counter(name for name in found.names if name).items():
        if count > 1:
            raise InputError(f"{count} columns of {found.origin} are called '{name}': give them different names.")


def _checked_list(columns: Sequence[str | int]) -> Sequence[str | int]:
    if isinstance(columns, str):
        raise InputError(f"`columns` is the text '{columns}' where a list of names is expected: write ['{columns}'].")
    if len(columns) == 0:
        raise InputError("`columns` is empty: name at least one column, or leave `columns` out to take all numbers.")
    return columns


def _position(found: Columns, column: str | int) -> int:
    if isinstance(column, bool) or not isinstance(column, str | int | np.integer):
        raise InputError(f"`columns` holds {column!r} ({type(column).__name__}): give names, or positions from 0.")
    if isinstance(column, str) or not found.numbered:
        return _place_of_name(found, str(column))
    if not 0 <= column < len(found.columns):
        last = len(found.columns) - 1
        raise InputError(f"No column {column} in {found.origin}: its columns are 0 to {last}, counting from 0.")
    return int(column)


def _place_of_name(found: Columns, name: str) -> int:
    if name in found.names:
        return found.names.index(name)
    near = did_you_mean(name, found.names)
    raise InputError(f"No column '{name}' in {found.origin}{near} {_what_it_has(found)}")


def _what_it_has(found: Columns) -> str:
    plural, verb = ("", "is") if len(found.columns) == 1 else ("s", "are")
    return f"Its column{plural} {verb} {quoted(found.names)}."

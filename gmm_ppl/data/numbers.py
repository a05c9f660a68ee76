"""Cells → float64: what text means a number, what text means no value, and which integers survive the conversion."""

import re

import numpy as np

from gmm_ppl.data.columns import Column, Kind

MISSING_WORDS = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", ".", "?"})
"""Cells of a text file that hold no value, whatever the case of their letters."""

EXACT_INTEGERS = 2**53
"""Up to here every integer is a float64."""

_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(e[+-]?\d+)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_INTEGER = re.compile(r"[+-]?\d+")


def is_missing(text: str) -> bool:
    """True for a cell that holds no value: empty, NA, N/A, NaN, null, None, a lone point or question mark."""
    return text.strip().casefold() in MISSING_WORDS


def number(text: str) -> float | None:
    """The number that a cell holds, in Python's notation without underscores, or None."""
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def has_commas(text: str) -> bool:
    """True for a number written with a decimal comma or with commas between the thousands."""
    return bool(_DECIMAL_COMMA.fullmatch(text.strip()) or _THOUSANDS.fullmatch(text.strip()))


def is_inexact_integer(text: str) -> bool:
    """True for a whole number, within the range of float64, that rounding to it would change."""
    return bool(_INTEGER.fullmatch(text.strip())) and int(float(text)) != int(text)


def to_float64(column: Column) -> np.ndarray:
    """The cells of a column of numbers as float64 of shape (N,), NaN where the value is missing.

    Wider floats are rounded; those beyond its range become infinite and are refused as such later.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        values = column.cells.astype(np.float64)
    if column.missing is not None:
        values[column.missing] = np.nan
    return values


def inexact_rows(column: Column) -> np.ndarray:
    """The rows, counted from 0, whose integer float64 cannot hold."""
    if column.kind is not Kind.NUMBER:
        return np.empty(0, dtype=np.intp)
    inexact = column.inexact if column.inexact is not None else _inexact(column.cells)
    return np.flatnonzero(inexact if column.missing is None else inexact & ~column.missing)


def _inexact(cells: np.ndarray) -> np.ndarray:
    """An integer is a float64 when there are at most 53 bits from its first to its last one."""
    if cells.dtype.kind not in "iu" or cells.dtype.itemsize < 8:
        return np.zeros(len(cells), dtype=bool)
    size = np.abs(cells).astype(np.uint64)  # the abs of -2**63 wraps around to itself, and back here
    last_bit = np.maximum(size & (~size + np.uint64(1)), np.uint64(1))
    return size // last_bit >= np.uint64(EXACT_INTEGERS)

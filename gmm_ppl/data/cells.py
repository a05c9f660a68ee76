"""The cells of a text column, parsed batch by batch so that a long file never lies in memory as text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gmm_ppl.data.numbers import EXACT_INTEGERS, is_inexact_integer, is_missing, number


@dataclass(frozen=True, eq=False)
class Cells:
    """Parsed cells: `values` (N,) with NaN where there is no number, and why there is none, or not the one written."""

    values: np.ndarray
    missing: np.ndarray
    text: np.ndarray
    inexact: np.ndarray


def parse_cells(cells: Sequence[str]) -> Cells:
    """Numbers, missing values and text, told apart cell by cell where the fast way, all numbers, does not do."""
    try:
        values = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        return _parse_one_by_one(cells)
    if any("_" in cell for cell in cells):  # float("1_000") is 1000
        return _parse_one_by_one(cells)
    return Cells(values, np.isnan(values), np.zeros(len(cells), dtype=bool), _inexact(cells, values))


def together(batches: Sequence[Cells]) -> Cells:
    """The cells of several batches, one after the other."""
    names = ("values", "missing", "text", "inexact")
    return Cells(*(np.concatenate([getattr(batch, name) for batch in batches]) for name in names))


def _parse_one_by_one(cells: Sequence[str]) -> Cells:
    parsed = [number(cell) for cell in cells]
    values = np.array([np.nan if value is None else value for value in parsed])
    odd = zip(cells, parsed, strict=True)
    text = np.array([value is None and not is_missing(cell) for cell, value in odd], dtype=bool)
    return Cells(values, np.isnan(values) & ~text, text, _inexact(cells, values))


def _inexact(cells: Sequence[str], values: np.ndarray) -> np.ndarray:
    inexact = np.zeros(len(cells), dtype=bool)
    for row in np.flatnonzero(np.isfinite(values) & (np.abs(values) >= EXACT_INTEGERS)).tolist():
        inexact[row] = is_inexact_integer(cells[row])
    return inexact

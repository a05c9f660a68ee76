"""Pairs of columns that say the same: one is the other, or the other times a number plus a number."""

from dataclasses import dataclass

import numpy as np

PROBED_ROWS = 64
COARSEST_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Copy:
    """Column `copy` = `intercept` + `slope` · column `original`, by position, to the rounding of the stored values."""

    original: int
    copy: int
    intercept: float
    slope: float


def copies(values: np.ndarray) -> tuple[Copy, ...]:
    """The columns of `values` (N, D), finite and none of them constant, that repeat an earlier one.

    Equality is exact. A linear function is looked for in coordinates in which the original runs from 0 to 1, and has to
    hold in every row to the rounding of the stored values, 8 ε (max|a| / range a + max|b| / range b); columns whose
    spread is itself of the size of that rounding are only compared for equality, and so are tables of two rows, where
    any two columns lie on a line. A column that repeats several others is reported with the first.
    """
    found = {}
    for original in range(values.shape[1]):
        for copy in _repeats(values, original):
            found.setdefault(copy, original)
    return tuple(_copy(values, original, copy) for copy, original in found.items())


def _repeats(values: np.ndarray, original: int) -> list[int]:
    """Later columns that repeat `original`: a few rows rule most of them out, all rows decide."""
    low, high = values[:, original].argmin(), values[:, original].argmax()
    probed = np.linspace(0, len(values) - 1, min(PROBED_ROWS, len(values)), dtype=int)
    rows = np.concatenate([probed, [low, high]])
    later = np.arange(original + 1, values.shape[1])
    likely = later[_on_a_line(values, original, later, rows, low, high)]
    every = np.arange(len(values))
    return [copy for copy in likely.tolist() if _on_a_line(values, original, np.array([copy]), every, low, high)[0]]


def _on_a_line(
    values: np.ndarray, original: int, others: np.ndarray, rows: np.ndarray, low: np.intp, high: np.intp
) -> np.ndarray:
    """For each of `others`, whether it is a linear function of `original` in `rows`."""
    first, second = values[rows, original][:, None], values[np.ix_(rows, others)]
    equal = (first == second).all(axis=0)
    if len(values) == 2:
        return equal
    u, roughness = _unit(first, values[[low, high], original][:, None])
    v, roughnesses = _unit(second, values[np.ix_([low, high], others)])
    tolerance = 8 * np.finfo(np.float64).eps * (roughness + roughnesses)
    near = (np.abs(u - v) <= tolerance).all(axis=0)
    return equal | (near & (tolerance < COARSEST_TOLERANCE))


def _unit(cells: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells (n, m) such that `ends` (2, m) become 0 and 1, and max|cell| / range; divided first, lest they overflow."""
    size = np.maximum(np.abs(cells).max(axis=0), np.abs(ends).max(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        start, stop = ends / size
        return (cells / size - start) / (stop - start), 1 / np.abs(stop - start)


def _copy(values: np.ndarray, original: int, copy: int) -> Copy:
    low, high = values[:, original].argmin(), values[:, original].argmax()
    (x, x_end), (y, y_end) = values[[low, high], original], values[[low, high], copy]
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        slope = (y_end - y) / (x_end - x)
        return Copy(original, copy, float(y - slope * x), float(slope))

"""Centre and spread of a data set: what data-scaled priors, starts and collapse checks are measured against."""

from typing import Any

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.namespace import is_traced
from gmm_ppl.records import Record
from gmm_ppl.types import Array, Float


class DataScale(Record):
    """Mean (D,) and maximum-likelihood covariance (D, D) of the rows, in units of x."""

    centre: Float[Array, " D"]
    covariance: Float[Array, "D D"]

    @property
    def deviations(self) -> Float[Array, " D"]:
        """Standard deviation of each feature, in units of x."""
        return self.covariance.diagonal() ** 0.5


SMALLEST, LARGEST = 1e-140, 1e140
"""Spreads beyond these have squares that under- or overflow float64 somewhere in a density."""


def data_scale(x: Any, weights: np.ndarray | None = None) -> DataScale:
    """`DataScale` of rows (N, D), by two passes so that an offset costs no digits.

    Concrete rows are taken in NumPy's double precision and checked; rows that JAX is tracing are taken as they are. With row
    weights w (N,) row i counts w_i times, and not at all where that is 0.

    Raises:
        InputError: rows that are no matrix; a feature whose spread is outside 1e-140 … 1e140, where its square leaves
            float64.
    """
    rows = x if is_traced(x) else np.asarray(x, dtype=np.float64)
    if rows.ndim != 2:
        raise InputError(f"rows must have shape (N, D); given {rows.shape}. A single feature is x[:, None].")
    if is_traced(rows):
        return scale_of(rows)
    if weights is None:
        check_spread(rows)
        return scale_of(rows)
    counted = weights > 0
    rows = rows[counted]
    check_spread(rows)
    return scale_of(rows, weights[counted])


CHUNK = 2**16
"""Rows at a time, so that a large data set is not held a second time."""


def scale_of(rows: Array, weights: np.ndarray | None = None) -> DataScale:
    """Mean and covariance of rows, in NumPy or JAX."""
    # The mean of 10⁸ + small is itself rounded; the mean of the residuals puts back what was lost.
    chunks = [slice(first, first + CHUNK) for first in range(0, rows.shape[0], CHUNK)]
    count = rows.shape[0] if weights is None else weights.sum()
    each_counts = [1 if weights is None else weights[each, None] for each in chunks]
    pairs = list(zip(chunks, each_counts, strict=True))
    centre = rows[0] + sum((w * (rows[each] - rows[0])).sum(axis=0) for each, w in pairs) / count
    return DataScale(centre, sum(scatter(rows[each] - centre, w) for each, w in pairs) / count)


def scatter(residuals: Array, weights: Array | int = 1) -> Array:
    """Σ w r rᵀ, the weights 1 or a column."""
    return residuals.T @ (weights * residuals)


def check_spread(rows: np.ndarray) -> None:
    """Refuse features whose squared spread double precision cannot hold."""
    with np.errstate(over="ignore"):
        spread = rows.max(axis=0) - rows.min(axis=0)
    wrong = np.flatnonzero((spread < SMALLEST) | ~(spread <= LARGEST))
    if wrong.size:
        raise InputError(
            f"feature {wrong[0]} spreads over {spread[wrong[0]]:.3g}: squares of that leave double precision, or are zero. "
            "Leave out a constant feature; rescale any other, by changing its unit for example."
        )

"""Rows of data as the passes over them take them: values, weights, and what decides how they may be summed."""

from typing import Any

import numpy as np

from gmm_ppl.namespace import constant, namespace
from gmm_ppl.records import Record
from gmm_ppl.types import Array, Float


class Rows(Record):
    """N rows x_i = origin + columns_:i with weights w_i ≥ 0.

    A weight of 0 leaves a row out, wherever it lies short of 10¹⁵⁰ standard deviations, where squares overflow. `centre` is
    about the mean of the rows and `reach` the farthest that any of them is from it, by feature: they tell how many digits
    the expanded square would cost. `origin` is 0 unless something was taken off that takes nothing from the values' digits;
    single precision needs values about 0 to begin with.
    All are in units of x; `centre` counts from `origin`. Features × rows, as the pass takes them: to turn every block around
    takes as long as a third of all that is done with variances.
    """

    columns: Float[Array, "D N"]
    weights: Float[Array, " N"]
    origin: Float[Array, " D"]
    centre: Float[Array, " D"]
    reach: Float[Array, " D"]

    @property
    def x(self) -> Float[Array, "N D"]:
        """The rows themselves, in units of x."""
        return self.origin + self.columns.T

    @property
    def total(self) -> Float[Array, ""]:
        """Σ_i w_i."""
        return self.weights.sum(dtype=float)


def rows(x: Any, weights: Any = None, *, single: bool = False) -> Rows:
    """`Rows` of x (N, D): NumPy's or JAX's, as x is, and the very memory, not a copy.

    Args:
        x: rows, concrete or traced.
        weights: w (N,); 1 each by default.
        single: hold the values in single precision, counted from their centre.
    """
    xp = namespace(x, 0.0 if weights is None else weights)
    counted = xp.ones(x.shape[0], dtype=x.dtype) if weights is None else xp.asarray(weights)
    centre, reach = extent(x, None if weights is None else counted, xp)
    origin = xp.zeros_like(centre)
    if single:
        return Rows((x - centre).T.astype(np.float32), counted.astype(np.float32), centre, xp.zeros_like(centre), reach)
    return Rows(x.T, xp.asarray(counted, dtype=x.dtype), origin, centre, reach)


def on_device(held: Rows) -> Rows:
    """The same rows in JAX's arrays: their own memory where nobody can write to it, and it lies as XLA wants it."""
    import jax

    def put(leaf: Any) -> Any:
        plain = isinstance(leaf, np.ndarray) and not leaf.flags.writeable
        return jax.device_put(leaf, may_alias=True) if plain else jax.numpy.asarray(leaf)

    return jax.tree.map(put, held)


def centred(held: Rows) -> Rows:
    """The same rows counted from about their mean, where taking it off is exact for all of them; else as they are."""
    far = np.abs(held.centre) > held.reach
    if not far.any():
        return held
    # In steps no finer than the rows' spread, so that few differences need digits that the rows have not.
    steps = np.exp2(np.floor(np.log2(np.where(held.reach > 0, held.reach, np.spacing(np.abs(held.centre))))))
    offset = np.where(far, np.round(held.centre / steps) * steps, 0)
    near = held.columns - offset[:, None]
    exact = far & (near + offset[:, None] == held.columns).all(axis=1)
    if not exact.any():
        return held
    moved = np.where(exact, offset, 0)
    columns = np.where(exact[:, None], near, held.columns)
    return Rows(columns, held.weights, held.origin + moved, held.centre - moved, held.reach)


def extent(x: Array, weights: Array | None, xp: Any) -> tuple[Array, Array]:
    """Mean of each feature and how far from it the farthest row is, over the rows that count; zeros where none does.

    Sums of squares about the mean lose no more than ε of the data's variance a row. About the middle of the range, beside
    one value far away, they would lose every digit of what the other rows differ by.
    """
    stopped = constant(x)
    counted = True if weights is None else weights[:, None] > 0
    low = xp.min(stopped, axis=0, where=counted, initial=np.inf)
    high = xp.max(stopped, axis=0, where=counted, initial=-np.inf)
    low, high = xp.where(low > high, 0, low), xp.where(low > high, 0, high)
    each = xp.asarray(xp.ones(x.shape[0]) if weights is None else constant(weights) > 0, dtype=x.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = each @ stopped / xp.maximum(xp.sum(each), 1)
    # Any point among the rows serves: rounding far from zero does no harm, and where the sum overflows the middle will do.
    centre = xp.where(xp.isfinite(mean), xp.clip(mean, low, high), low + (high - low) / 2)
    return centre, xp.maximum(high - centre, centre - low)

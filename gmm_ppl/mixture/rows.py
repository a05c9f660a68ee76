"""Rows of data as the pass over them takes them: values, weights, and what decides how they may be summed."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from gmm_ppl.types import Array, Float


class Rows(eqx.Module):
    """N rows x_i = origin + columns_:i with weights w_i ≥ 0.

    A weight of 0 leaves a row out, wherever it lies short of 10¹⁵⁰ standard deviations, where squares overflow. `centre` is
    about the middle of the rows and `reach` the farthest that any of them is from it, by feature: they tell how many digits
    the expanded square would cost. `origin` is 0 in double precision; single precision needs values about 0 to begin with.
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


def rows(x: Any, weights: Any = None, *, single: bool = False) -> Rows:
    """`Rows` of x (N, D): the very memory, not a copy, where it is the read-only values of a table.

    Args:
        x: rows, concrete or traced.
        weights: w (N,); 1 each by default.
        single: hold the values in single precision, counted from their centre.
    """
    library = jnp if isinstance(x, Tracer) or isinstance(weights, Tracer) else np
    counted = library.ones(x.shape[0]) if weights is None else library.asarray(weights)
    columns = held(x.T)
    centre, reach = extent(library.asarray(x), None if weights is None else counted, library)
    origin = jnp.zeros_like(centre)
    if single:
        origin, centre, columns = jnp.asarray(centre), jnp.zeros_like(centre), jnp.asarray((x - centre).T, dtype=jnp.float32)
    return Rows(columns, jnp.asarray(counted, columns.dtype), origin, jnp.asarray(centre), jnp.asarray(reach))


def held(columns: Array) -> Array:
    """A JAX array of columns: their own memory where nobody can write to it, and it lies as XLA wants it."""
    if isinstance(columns, np.ndarray) and not columns.flags.writeable:
        return jax.device_put(columns, may_alias=True)
    return jnp.asarray(columns)


def extent(x: Array, weights: Array | None, library: Any) -> tuple[Array, Array]:
    """Middle of the range of each feature and half its width, over the rows that count; zeros where none does.

    The middle, not the mean: it is exact in one pass however far away the rows are, and any point among them serves.
    """
    stopped = jax.lax.stop_gradient(x) if library is jnp else x
    counted = True if weights is None else weights[:, None] > 0
    low = library.min(stopped, axis=0, where=counted, initial=np.inf)
    high = library.max(stopped, axis=0, where=counted, initial=-np.inf)
    low, high = library.where(low > high, 0, low), library.where(low > high, 0, high)
    return low + (high - low) / 2, (high - low) / 2

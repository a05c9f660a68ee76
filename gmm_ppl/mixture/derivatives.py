"""Derivatives of functions of a few coordinates: JAX's own, or in NumPy a step along the imaginary axis."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gmm_ppl.namespace import namespace
from gmm_ppl.types import Array, Float

STEP, LEAST = 1e-30, 1e-100
"""Of a coordinate's size, and the least size that one counts with."""

NUMBERS_A_BATCH = 2**20
"""Coordinates × coordinates that are moved at once."""


def jacobian(function: Callable[[Array], tuple[Array, Any]], position: Float[Array, " C"]) -> tuple[Float[Array, "... C"], Any]:
    """∂ value / ∂ position of a function that answers with a value and with something else; and that.

    In NumPy Im value(u + i h e_c) / h, which is exact to rounding since nothing is subtracted (Squire & Trapp 1998,
    doi:10.1137/S003614459631241X). The function is then of positions along a leading axis, and analytic: sums, products,
    exponentials and logarithms, no absolute values and no factors by LAPACK.
    """
    if namespace(position) is not np:
        from jax import jacfwd

        return jacfwd(function, has_aux=True)(position)
    steps = STEP * np.maximum(np.abs(position), LEAST)
    moved, count = np.diag(1j * steps), max(1, NUMBERS_A_BATCH // position.size)
    along = [function(position + moved[first : first + count])[0].imag for first in range(0, position.size, count)]
    return np.moveaxis(np.concatenate(along), 0, -1) / steps, function(position)[1]


def unit_scale(curvature: Float[Array, " P"]) -> Float[Array, " P"]:
    """1 / √|curvature|, and 1 where there is none."""
    xp = namespace(curvature)
    size = xp.abs(curvature)
    return xp.where(size > 0, 1 / xp.sqrt(xp.where(size > 0, size, 1)), 1)

"""Centre and spread of a data set: what data-scaled priors, starts and collapse checks are measured against."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.types import Array, Float


class DataScale(eqx.Module):
    """Mean (D,) and maximum-likelihood covariance (D, D) of the rows, in units of x."""

    centre: Float[Array, " D"]
    covariance: Float[Array, "D D"]

    @property
    def deviations(self) -> Float[Array, " D"]:
        """Standard deviation of each feature, in units of x."""
        return jnp.sqrt(jnp.diagonal(self.covariance))


SMALLEST, LARGEST = 1e-140, 1e140
"""Standard deviations beyond these have squares that under- or overflow float64 somewhere in a density."""


def data_scale(x: object) -> DataScale:
    """`DataScale` of rows (N, D), in NumPy, by two passes so that an offset costs no digits.

    Raises:
        InputError: a feature whose standard deviation is outside 1e-140 … 1e140, where its square leaves float64.
    """
    rows = np.asarray(x, dtype=np.float64)
    # The mean of 10⁸ + small is itself rounded; the mean of the residuals puts back what was lost.
    centre = rows[0] + (rows - rows[0]).mean(axis=0)
    with np.errstate(over="ignore", under="ignore"):
        residuals = rows - centre
        covariance = residuals.T @ residuals / len(rows)
        deviations = np.abs(residuals).max(axis=0)
    wrong = np.flatnonzero((deviations < SMALLEST) | (deviations > LARGEST) | ~np.isfinite(deviations))
    if wrong.size:
        raise InputError(
            f"feature {wrong[0]} spreads over {deviations[wrong[0]]:.3g}: squares of that leave double precision. "
            "Rescale it, by changing its unit for example."
        )
    return DataScale(centre, covariance)

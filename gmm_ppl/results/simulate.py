"""New rows from a fit."""

import xarray as xr

from gmm_ppl.errors import InputError
from gmm_ppl.results.labels import labelled
from gmm_ppl.results.predict import Found, draws_of
from gmm_ppl.results.rows import sampled_rows


def simulate(found: Found, rows: int, *, seed: int = 0) -> xr.Dataset:
    """Rows drawn from a fit: from parameters or a point, of P(x); from draws, of the posterior predictive law.

    Each row is from the mixture of a posterior draw chosen at random, so that rows vary by what is not known of the
    parameters as well.

    Args:
        found: parameters, an EM fit, draws, or a tree (its posterior, where there is one).
        rows: how many.
        seed: of the draws.

    Returns:
        `x` (obs, feature) in the data's units and `component` of origin as `origin` (obs).

    Raises:
        InputError: fewer than one row.
    """
    if rows < 1:
        raise InputError(f"rows must be at least 1; given {rows!r}.")
    draws = draws_of(found)
    x, origin = sampled_rows(draws.parameters, rows, seed=seed)
    names = draws.features or tuple(f"x{each}" for each in range(draws.parameters.means.shape[-1]))
    return labelled({"x": (("obs", "feature"), x), "origin": (("obs",), origin)}, names)

"""The EM point against the posterior: where in its own posterior each parameter of the point lies."""

import numpy as np
import xarray as xr

from gmm_ppl.results.labels import SAMPLE, parameter_names
from gmm_ppl.results.scalars import scalars

CONSTANT = 1e-12
"""Draws whose sd is below this share of their size are one number, up to rounding."""


def agreement(tree: xr.DataTree) -> xr.Dataset:
    """For every scalar of weights, means and covariances: the EM point and its place among the posterior draws.

    Variables over the dimension `parameter` (`variable` says whose scalar it is), in the parameter's own units but for the last
    two: `point`, `mean` and `sd` of the draws, `z` = (point − mean) / sd, and `quantile`, the share of draws below the point
    with ties counted half. A parameter that the model fixes (the weight of a single component) has sd 0, z 0 and quantile
    ½; draws that all have another value than the point have z = ±∞. A single draw has neither sd nor z (NaN).

    The point is a mode and the draws are summarised by their mean: in a skewed posterior they differ, for variances by up to
    an sd where rows are few. A large |z| therefore says that the two disagree, not which is wrong.

    Raises:
        KeyError: a tree without draws, or without a point.
    """
    names = parameter_names(tree)
    point = scalars(tree["em_fit"].dataset, names)
    draws = scalars(tree["posterior"].dataset, names).sel(parameter=point["parameter"])
    mean = draws.mean(SAMPLE)
    sd = deviation(draws)
    below, equal = draws < point, same(draws, point)
    quantile = (below & ~equal).mean(SAMPLE) + equal.mean(SAMPLE) / 2
    return xr.Dataset({"point": point, "mean": mean, "sd": sd, "z": standardised(point - mean, sd, mean), "quantile": quantile})


def deviation(draws: xr.DataArray) -> xr.DataArray:
    """Standard deviation (n − 1) over chains and draws; 0 where draws differ by rounding only, NaN for a single draw."""
    if draws.sizes["chain"] * draws.sizes["draw"] == 1:
        return xr.full_like(draws.mean(SAMPLE), np.nan)
    sd = draws.std(SAMPLE, ddof=1)
    return sd.where(sd > CONSTANT * abs(draws).max(SAMPLE), 0.0)


def fixed(tree: xr.DataTree, draws: xr.DataArray) -> xr.DataArray:
    """Which scalars the model fixes: constant over draws and equal to the EM point, where there is one.

    A sampler that is stuck is constant too, but elsewhere.
    """
    constant = deviation(draws) == 0
    if "em_fit" not in tree.children:
        return constant
    point = scalars(tree["em_fit"].dataset, parameter_names(tree)).reindex(parameter=draws["parameter"])
    return constant & same(draws.mean(SAMPLE), point)


def same(draws: xr.DataArray, point: xr.DataArray) -> xr.DataArray:
    """Whether a draw is the point, up to rounding."""
    return abs(draws - point) <= CONSTANT * abs(point)


def standardised(distance: xr.DataArray, sd: xr.DataArray, mean: xr.DataArray) -> xr.DataArray:
    """The distance in sds; where sd is 0, 0 or ±∞."""
    settled = np.where(abs(distance) <= CONSTANT * abs(mean), 0.0, np.copysign(np.inf, distance))
    return (distance / sd.where(sd != 0, 1.0)).where(sd != 0, settled)

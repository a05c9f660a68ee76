"""Leave-one-out by Pareto-smoothed importance sampling (Vehtari, Gelman & Gabry 2017, doi:10.1007/s11222-016-9696-4).

The numbers are `arviz_stats`' own; here they are only asked for some rows at a time, so that the log-likelihood of all rows and
draws never has to be in memory.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from gmm_ppl.errors import InputError

if TYPE_CHECKING:
    # Imported where it is used: it takes a second, which a fit without draws need not wait for.
    from arviz_stats.utils import ELPDDataLOO

FEWEST_DRAWS = 25
"""A generalised Pareto law is fitted to at least five draws, a fifth of all."""


@dataclass(frozen=True, eq=False)
class LeaveOneOut:
    """Expected log predictive density of each row left out (nats), its Pareto k̂, and its effective number of parameters."""

    elpd: np.ndarray
    pareto_k: np.ndarray
    p: np.ndarray


def relative_efficiency(posterior: xr.Dataset) -> float:
    """Effective sample size of posterior means over the number of draws, averaged over scalars as `az.loo` does."""
    from arviz_stats.sampling_diagnostics import ess

    if posterior.sizes["chain"] == 1:
        return 1.0
    sizes = ess(posterior, method="mean")
    every = np.concatenate([sizes[name].values.ravel() for name in sizes.data_vars])
    return float(every.mean() / (posterior.sizes["chain"] * posterior.sizes["draw"]))


def elpd_of(tree: xr.DataTree) -> "ELPDDataLOO":
    """The tree's `loo` group as what `az.loo(…, pointwise=True)` returns, for `az.compare` and ArviZ's plots.

    Needs no log-likelihood, so it serves files that are too large to hold one.

    Raises:
        InputError: a tree without leave-one-out.
    """
    from arviz_stats.utils import ELPDDataLOO

    if "loo" not in tree.children:
        raise InputError("This result has no leave-one-out densities: it was made without draws, or from fewer than 25.")
    loo = tree["loo"].dataset
    samples, elpd, pareto_k = int(loo.attrs["n_samples"]), loo["elpd_i"], loo["pareto_k"]
    good = min(1 - 1 / np.log10(samples), 0.7)
    return ELPDDataLOO(
        elpd=float(elpd.sum()),
        se=float(np.sqrt(elpd.size * elpd.var(ddof=1))),
        p=float(loo["p_loo_i"].sum()),
        n_samples=samples,
        n_data_points=elpd.size,
        scale="log",
        warning=bool((pareto_k > good).any()),
        good_k=good,
        elpd_i=elpd,
        pareto_k=pareto_k,
    )


def leave_one_out(log_likelihood: np.ndarray, efficiency: float) -> LeaveOneOut:
    """PSIS-LOO of rows from their log-likelihood (chain, draw, N), nats.

    A row whose importance ratios have no tail that a Pareto law could be fitted to (a stuck chain) takes plain importance
    sampling and k̂ = ∞.
    """
    by_row = np.moveaxis(log_likelihood, -1, 0)
    return LeaveOneOut(*np.array([one_left_out(row, efficiency) for row in by_row]).reshape(-1, 3).T)


def one_left_out(row: np.ndarray, efficiency: float) -> tuple[float, float, float]:
    """elpd, k̂ and p of one row, (chain, draw)."""
    from arviz_stats.base.array import array_stats

    try:
        elpd, pareto_k, p = array_stats.loo(row, chain_axis=0, draw_axis=1, r_eff=efficiency)
    except ValueError:
        # arviz_stats' word for a tail of equal values.
        return unsmoothed(row)
    return float(elpd), float(pareto_k), float(p)


def unsmoothed(row: np.ndarray) -> tuple[float, float, float]:
    """Plain importance sampling: the harmonic mean of the likelihoods."""
    from scipy.special import logsumexp

    elpd = np.log(row.size) - logsumexp(-row)
    return float(elpd), float("inf"), float(logsumexp(row) - np.log(row.size) - elpd)

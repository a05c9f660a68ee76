"""How well the posterior was sampled, scalar by scalar, on relabelled draws."""

import numpy as np
import xarray as xr

from gmm_ppl.results.agreement import deviation, fixed
from gmm_ppl.results.labels import SAMPLE, parameter_names
from gmm_ppl.results.scalars import scalars

ETI = 0.89
"""Probability of the equal-tailed intervals, ArviZ's own default."""
TREE_DEPTH = 10
"""Depth limit of a file that does not say its own."""


def diagnostics(tree: xr.DataTree) -> xr.Dataset:
    """Posterior summaries and convergence diagnostics of every scalar of the posterior that the model leaves free.

    Variables over the dimension `parameter`: `mean`, `sd`, `eti_low` and `eti_high` (89 % equal-tailed interval) in the
    parameter's own units; `ess_bulk`, `ess_tail` and `r_hat` (rank-normalised, split: Vehtari et al. 2021,
    doi:10.1214/20-BA1221), NaN where draws are too few or stuck at one value. Mirror images in symmetric matrices are dropped,
    and so are parameters that the model fixes, such as the weight of a single component. Attributes:
    `divergences`, `tree_depth_hits` (draws whose trajectory was cut at the depth limit), `max_tree_depth`.

    Raises:
        KeyError: a tree without draws.
    """
    posterior = tree["posterior"].dataset
    mixture = parameter_names(tree)
    names = [*mixture, *(str(name) for name in posterior.data_vars if name not in mixture)]
    draws = scalars(posterior, names)
    free = draws.isel(parameter=np.flatnonzero(~fixed(tree, draws).values))
    moments = {"mean": free.mean(SAMPLE), "sd": deviation(free)}
    return xr.Dataset({**moments, **(measured(free) if free.size else nothing(free))}, attrs=trouble(tree))


def measured(draws: xr.DataArray) -> dict[str, xr.DataArray]:
    """Interval, effective sample sizes and R-hat."""
    # Here, because it takes a second to import, which a fit without draws need not wait for.
    from arviz_stats.sampling_diagnostics import ess, rhat

    tail = (1 - ETI) / 2
    interval = draws.quantile([tail, 1 - tail], dim=SAMPLE)
    dataset = draws.to_dataset(name="draws")
    # ArviZ divides by the variance within chains, which is 0 where a sampler is stuck.
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "eti_low": interval.isel(quantile=0, drop=True),
            "eti_high": interval.isel(quantile=1, drop=True),
            "ess_bulk": ess(dataset, method="bulk")["draws"],
            "ess_tail": ess(dataset, method="tail")["draws"],
            "r_hat": rhat(dataset)["draws"],
        }


def nothing(draws: xr.DataArray) -> dict[str, xr.DataArray]:
    """`measured` where no parameter is free."""
    return dict.fromkeys(("eti_low", "eti_high", "ess_bulk", "ess_tail", "r_hat"), draws.mean(SAMPLE))


def trouble(tree: xr.DataTree) -> dict[str, int]:
    """Divergences and trajectories at the depth limit, as far as the file says."""
    statistics = tree["sample_stats"].dataset if "sample_stats" in tree.children else xr.Dataset()
    limit = int(statistics.attrs.get("max_tree_depth", TREE_DEPTH))
    return {
        "divergences": int(statistics["diverging"].sum()) if "diverging" in statistics else 0,
        "tree_depth_hits": int((statistics["tree_depth"] >= limit).sum()) if "tree_depth" in statistics else 0,
        "max_tree_depth": limit,
    }

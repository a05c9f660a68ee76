"""The few numbers of a run, under fixed keys: what `metrics.json` holds."""

import math

import numpy as np
import xarray as xr

from gmm_ppl.results.agreement import agreement
from gmm_ppl.results.criteria import criteria
from gmm_ppl.results.diagnostics import diagnostics
from gmm_ppl.results.labels import parameter_names

Numbers = dict[str, float | int | bool | str | None]

MCMC = (
    "chains",
    "draws",
    "max_rhat",
    "min_ess_bulk",
    "min_ess_tail",
    "divergences",
    "sampling_seconds",
    "label_switches",
)
AGREEMENT = ("max_abs_z_weights", "max_abs_z_means", "max_abs_z_covariances")


def metrics(tree: xr.DataTree) -> dict[str, Numbers]:
    """Four groups of numbers, `em`, `mcmc`, `criteria` and `agreement`; None where nothing was run, or no finite number
    came of it (JSON has no other).

    `agreement` is the largest |z| of the EM point among its posterior draws (`results.agreement`), `mcmc` the worst
    diagnostic over the scalars that vary.
    """
    sampled = "posterior" in tree.children
    found = {
        "em": em(tree["em_fit"].dataset),
        "mcmc": mcmc(tree) if sampled else dict.fromkeys(MCMC),
        "criteria": criteria(tree),
        "agreement": largest_z(tree) if sampled else dict.fromkeys(AGREEMENT),
    }
    return {group: {name: finite_or_none(value) for name, value in numbers.items()} for group, numbers in found.items()}


def em(fit: xr.Dataset) -> Numbers:
    """How EM ended, and the objective (nats) it reached."""
    return {
        **{name: float(fit[name]) for name in ("objective", "log_likelihood", "log_posterior")},
        "iterations": int(fit.attrs["iterations"]),
        "status": str(fit.attrs["status"]),
        "converged": bool(fit.attrs["converged"]),
        "starts": int(fit.attrs["starts"]),
        "distinct_optima": int(fit.attrs["distinct_optima"]),
    }


def mcmc(tree: xr.DataTree) -> Numbers:
    """Size of the sample, its worst diagnostics, and the seconds it took."""
    found = diagnostics(tree)
    statistics = tree["sample_stats"].dataset
    sizes = tree["posterior"].sizes
    numbers = (
        sizes["chain"],
        sizes["draw"],
        float(found["r_hat"].max(skipna=False)),
        float(found["ess_bulk"].min(skipna=False)),
        float(found["ess_tail"].min(skipna=False)),
        int(found.attrs["divergences"]) if "diverging" in statistics else None,
        float(statistics.attrs.get("sampling_time", math.nan)),
        int(statistics.attrs.get("label_switches", 0)),
    )
    return dict(zip(MCMC, numbers, strict=True))


def largest_z(tree: xr.DataTree) -> Numbers:
    """The largest |z| among weights, means and all parts of covariances."""
    z = abs(agreement(tree)["z"])
    weights, means, *parts = parameter_names(tree)
    groups = zip(AGREEMENT, ([weights], [means], parts), strict=True)
    return {key: float(z.isel(parameter=np.isin(z["variable"].values, names)).max()) for key, names in groups}


def finite_or_none(value: float | int | bool | str | None) -> float | int | bool | str | None:  # noqa: FBT001
    """The value, or None for NaN and infinities."""
    return None if isinstance(value, float) and not math.isfinite(value) else value

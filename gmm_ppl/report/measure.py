"""From a labelled result to the numbers that the checks read."""

import math
from collections.abc import Callable, Iterable

import numpy as np
import xarray as xr

from gmm_ppl.report.checks import (
    Extreme,
    Measurements,
    ModesMeasurements,
    PointMeasurements,
    PosteriorMeasurements,
)
from gmm_ppl.report.parameters import ParameterRow
from gmm_ppl.report.reading import components, features, has
from gmm_ppl.report.starts import starts_of
from gmm_ppl.results.diagnostics import trouble


def measure(tree: xr.DataTree, rows: Iterable[ParameterRow]) -> Measurements:
    """Everything the checks read; what was not run is left None or empty."""
    drawn = has(tree, "posterior") and has(tree, "sample_stats")
    return Measurements(
        point=_point(tree),
        posterior=_posterior(tree, [row for row in rows if row.varies]) if drawn else None,
        pareto_k=tuple(tree["loo"].dataset["pareto_k"].values.tolist()) if has(tree, "loo", "pareto_k") else (),
    )


def _point(tree: xr.DataTree) -> PointMeasurements:
    fit = tree["em_fit"].dataset
    starts = starts_of(tree)
    best = np.nanmax(starts.objective, initial=-math.inf)
    others = starts.objective[(starts.optimum > 0) & np.isfinite(starts.objective)]
    return PointMeasurements(
        status=str(fit.attrs["status"]),
        message=str(fit.attrs["message"]),
        starts=int(fit.attrs["starts"]),
        reached=int((starts.optimum == 0).sum()),
        places=starts.places(starts.optimum == 0),
        optima=int(fit.attrs["distinct_optima"]),
        runner_up=float(best - others.max()) if others.size else math.inf,
        counts=tuple(fit["responsibilities"].sum("obs").values.tolist()),
        components=components(tree),
        n_features=len(features(tree)),
    )


def _posterior(tree: xr.DataTree, rows: list[ParameterRow]) -> PosteriorMeasurements:
    posterior, found = tree["posterior"].dataset, trouble(tree)
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    stats = tree["sample_stats"].dataset
    return PosteriorMeasurements(
        chains=chains,
        draws=draws,
        max_rhat=_worst(rows, lambda row: row.r_hat, largest=True),
        min_ess_bulk=_worst(rows, lambda row: row.ess_bulk, largest=False),
        min_ess_tail=_worst(rows, lambda row: row.ess_tail, largest=False),
        divergences=found["divergences"] if "diverging" in stats else None,
        depth_limit=found["max_tree_depth"],
        saturated=found["tree_depth_hits"] / (chains * draws) if "tree_depth" in stats else None,
        bfmi=_bfmi(tree) if "energy" in stats else None,
        label_switches=int(stats.attrs.get("label_switches", 0)),
        max_abs_z=_worst([row for row in rows if row.compared], lambda row: abs(row.z), largest=True),
        engine=str(stats.attrs.get("engine", "nuts")),
        approximation_k=stats.attrs.get("pareto_k"),
        log_evidence_error=stats.attrs.get("log_evidence_error"),
        modes=_modes(tree),
        asked=stats.attrs.get("draws_asked"),
    )


def _bfmi(tree: xr.DataTree) -> tuple[float, ...]:
    # Here, because it takes a second to import, which a fit without draws need not wait for.
    from arviz_stats.sampling_diagnostics import bfmi

    return tuple(np.atleast_1d(bfmi(tree)["energy"].values).tolist())


def _modes(tree: xr.DataTree) -> ModesMeasurements | None:
    if not has(tree, "modes"):
        return None
    modes = tree["modes"].dataset
    return ModesMeasurements(modes.sizes["mode"], bool(modes.attrs["apart"]), str(modes.attrs["sentence"]))


def _worst(rows: list[ParameterRow], value: Callable[[ParameterRow], float], *, largest: bool) -> Extreme:
    """The extreme of a diagnostic; a value that could not be computed is worse than any other."""
    sign = 1 if largest else -1
    row = max(rows, key=lambda row: math.inf if math.isnan(value(row)) else sign * value(row))
    return Extreme(value(row), row.label)

"""From a labelled result to the numbers that the checks read."""

import json
import math
from collections.abc import Callable, Iterable

import numpy as np
import xarray as xr

from gmm_ppl.inference.base import Caution
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
from gmm_ppl.results.sensitivity import THRESHOLD, sensitivity

_FEWEST_DRAWS = 100


def measure(tree: xr.DataTree, rows: Iterable[ParameterRow], powers: xr.Dataset | None) -> Measurements:
    """Everything the checks read; what was not run is left None or empty. `powers` is `sensitivity_of` the tree."""
    drawn = has(tree, "posterior") and has(tree, "sample_stats")
    return Measurements(
        point=_point(tree),
        posterior=_posterior(tree, [row for row in rows if row.varies], powers) if drawn else None,
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
        cautions=_cautions(fit),
    )


def _cautions(fit: xr.Dataset) -> tuple[Caution, ...]:
    said = (Caution(**each) for each in json.loads(str(fit.attrs.get("cautions", "[]"))))
    return tuple(each for each in said if each.finding != fit.attrs["message"])


def sensitivity_of(tree: xr.DataTree) -> xr.Dataset | None:
    """Power-scaling sensitivity; None where draws or their densities are missing or few, or draws are an approximation's."""
    needed = (("posterior", None), ("sample_stats", None), ("log_prior", None), ("log_likelihood", "x"))
    if not all(has(tree, *each) for each in needed) or tree["sample_stats"].attrs.get("engine") == "laplace":
        return None
    sizes = tree["posterior"].sizes
    return sensitivity(tree) if sizes["chain"] * sizes["draw"] >= _FEWEST_DRAWS else None


def _posterior(tree: xr.DataTree, rows: list[ParameterRow], powers: xr.Dataset | None) -> PosteriorMeasurements:
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
        evidence_spread=float(np.ptp(stats["log_evidence"].values)) if "log_evidence" in stats else None,
        effective_particles=float(stats["effective_particles"].min()) if "effective_particles" in stats else None,
        modes=_modes(tree),
        asked=stats.attrs.get("draws_asked"),
        missed_weight=stats.attrs.get("missed_weight"),
        higher_by=stats.attrs.get("higher_by"),
        rows_moved=bool(stats.attrs.get("rows_moved")),
        prior_shift=None if powers is None else _shift(powers),
    )


def _shift(powers: xr.Dataset) -> Extreme:
    """The largest where the data have a say: of other parameters the prior says all, as it should."""
    heard = powers["shift"].where(powers["likelihood"] >= THRESHOLD, 0.0)
    worst = int(np.nanargmax(abs(heard.values)))
    return Extreme(float(heard[worst]), str(powers["parameter"].values[worst]))


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

"""One row of numbers for each result, and the leave-one-out scores set against each other."""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from gmm_ppl.results.criteria import at_the_point, evidence, left_out
from gmm_ppl.results.labels import SAMPLE
from gmm_ppl.results.loo import elpd_of
from gmm_ppl.results.metrics import mcmc
from gmm_ppl.results.store import group_of_parameters

NUMBERS = (
    "components", "n_parameters", "log_likelihood", "bic", "aic", "icl", "elpd_loo", "elpd_loo_se", "elpd_diff",
    "elpd_diff_se", "stacking_weight", "pareto_k_max", "log_evidence", "max_rhat", "min_ess_bulk", "divergences",
    "em_seconds", "mcmc_seconds", "total_seconds",
)  # fmt: skip
"""Columns of a comparison that hold numbers."""


def row_of(tree: xr.DataTree, family: str) -> dict[str, Any]:
    """What one result says of itself: model, criteria, diagnostics, seconds; NaN and "" where it says nothing."""
    dataset = tree[group_of_parameters(tree)].dataset
    words = {
        "covariance": family,
        "prior": _prior(tree),
        "engine": str(tree.attrs.get("engine", "")),
        "status": str(tree["em_fit"].dataset.attrs.get("status", "")) if "em_fit" in tree.children else "",
    }
    numbers = {"components": dataset.sizes["component"], **_point(tree), **left_out(tree), **evidence(tree)}
    numbers |= {**_sampler(tree), **_seconds(tree)}
    return words | {name: _number(numbers.get(name)) for name in NUMBERS}


def paired(trees: Mapping[str, xr.DataTree]) -> dict[str, dict[str, float]]:
    """Differences in leave-one-out score from the best, with their standard errors, and stacking weights (nats).

    Differences are row by row, so that what makes a row hard for both does not enter the error (Vehtari, Gelman & Gabry 2017,
    doi:10.1007/s11222-016-9696-4); weights are those of stacking (Yao et al. 2018, doi:10.1214/17-BA1091). Both are
    `arviz.compare`'s. Nothing where fewer than two results have a score.
    """
    scored = {name: tree for name, tree in trees.items() if "loo" in tree.children}
    if len(scored) < 2:
        return {}
    from arviz_stats.loo.compare import compare

    table = compare({name: elpd_of(tree) for name, tree in scored.items()}, round_to="none")
    # ArviZ counts differences in its own direction, from one version to the next: the sign here is fixed.
    return {
        str(name): {
            "elpd_diff": 0.0 - abs(float(row["elpd_diff"])),
            "elpd_diff_se": float(row["dse"]),
            "stacking_weight": float(row["weight"]),
        }
        for name, row in table.iterrows()
    }


def same_rows(trees: Mapping[str, xr.DataTree]) -> bool:
    """Whether all results are of the very same rows and features."""
    every = [tree["observed_data"].dataset["x"].values if "observed_data" in tree.children else None for tree in trees.values()]
    first = every[0]
    return first is not None and all(each is not None and np.array_equal(each, first) for each in every)


def _point(tree: xr.DataTree) -> dict[str, Any]:
    fit = tree["em_fit"].dataset if "em_fit" in tree.children else None
    known = fit is not None and {"log_likelihood", "responsibilities"} <= set(fit) and "n_parameters" in fit.attrs
    return dict(at_the_point(fit)) if known and fit is not None else {}


def _sampler(tree: xr.DataTree) -> dict[str, Any]:
    if "posterior" not in tree.children or "sample_stats" not in tree.children or "covariance" not in tree.attrs:
        return {}
    return dict(mcmc(tree)) if set(SAMPLE) <= set(tree["posterior"].sizes) else {}


def _seconds(tree: xr.DataTree) -> dict[str, Any]:
    timings = (json.loads(str(tree.attrs.get("provenance", "null"))) or {}).get("timings", {})
    found = {"em_seconds": timings.get("em"), "mcmc_seconds": timings.get("mcmc") or None}
    return found | {"total_seconds": math.fsum(timings.values()) if timings else None}


def _prior(tree: xr.DataTree) -> str:
    return str((json.loads(str(tree.attrs.get("prior", "null"))) or {}).get("kind", ""))


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)

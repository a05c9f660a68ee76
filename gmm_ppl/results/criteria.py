"""Criteria by which models of one data set are compared."""

import math

import numpy as np
import xarray as xr

from gmm_ppl.results.evaluate import entropy

Criteria = dict[str, float | int | None]


def criteria(tree: xr.DataTree) -> Criteria:
    """Likelihood criteria at the EM point and the leave-one-out score of the posterior; None where not computed.

    With L the likelihood at the point, p the number of free parameters and N rows (Schwarz 1978, doi:10.1214/aos/1176344136;
    Akaike 1974, doi:10.1109/TAC.1974.1100705; Biernacki, Celeux & Govaert 2000, doi:10.1109/34.865189):

    - `log_likelihood` = log L in nats, and `n_parameters` = p;
    - `bic` = −2 log L + p log N and `aic` = −2 log L + 2 p, smaller better. mclust's BIC is the negative of this one. Under a
      proper prior log L is that of the MAP, so the penalised fit is compared (Fraley & Raftery 2007);
    - `icl` = bic + 2 E with E = −Σ_ik γ_ik log γ_ik ≥ 0, the entropy of the responsibilities, smaller better. mclust's ICL has
      the other sign, and hard assignments: its penalty is −2 Σ_i log max_k γ_ik, which is at most 2 E;
    - `elpd_loo` and `elpd_loo_se` (nats, larger better): the sum over rows of the leave-one-out log predictive density, and its
      standard error √(N var(elpd_i)); `pareto_k_max`, the worst k̂, above 0.7 of which the score cannot be relied on;
    - `log_evidence` (nats, larger better), every labelling counted: by importance where draws are a normal approximation's, by
      tempering where they are a tempered run's; no chain of a plain sampler gives it.

    Raises:
        KeyError: a tree without `em_fit`.
    """
    return {**at_the_point(tree["em_fit"].dataset), **left_out(tree), **evidence(tree)}


def evidence(tree: xr.DataTree) -> Criteria:
    """What the engine says of the evidence, if anything."""
    known = tree["sample_stats"].attrs if "sample_stats" in tree.children else {}
    return {"log_evidence": float(known["log_evidence"]) if "log_evidence" in known else None}


def at_the_point(fit: xr.Dataset) -> Criteria:
    """What the likelihood at the EM point says."""
    log_likelihood, p = float(fit["log_likelihood"]), int(fit.attrs["n_parameters"])
    bic = -2 * log_likelihood + p * math.log(fit.sizes["obs"])
    return {
        "log_likelihood": log_likelihood,
        "n_parameters": p,
        "bic": bic,
        "aic": -2 * log_likelihood + 2 * p,
        "icl": bic + 2 * float(entropy(fit["responsibilities"].transpose("obs", "component").values).sum()),
    }


def left_out(tree: xr.DataTree) -> Criteria:
    """What the leave-one-out density of every row sums up to."""
    if "loo" not in tree.children:
        return dict.fromkeys(("elpd_loo", "elpd_loo_se", "pareto_k_max"))
    loo = tree["loo"].dataset
    elpd = loo["elpd_i"]
    return {
        "elpd_loo": float(elpd.sum()),
        "elpd_loo_se": float(np.sqrt(elpd.size * elpd.var(ddof=1))),
        "pareto_k_max": float(loo["pareto_k"].max(skipna=False)),
    }

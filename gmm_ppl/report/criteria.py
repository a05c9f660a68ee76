"""The criteria of metrics.json, as far as a result has them."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from gmm_ppl.report.reading import has


def criteria(tree: xr.DataTree) -> Mapping[str, float | None]:
    """Log-likelihood, AIC, BIC, ICL and the leave-one-out score with its standard error."""
    fit = tree["em_fit"].dataset
    loglik, size = float(fit["log_likelihood"]), int(fit.attrs["n_parameters"])
    rows = fit.sizes["obs"]
    bic = -2 * loglik + size * np.log(rows)
    shares = fit["responsibilities"].values
    entropy = -np.sum(shares * np.log(np.where(shares > 0, shares, 1)))
    known = {
        "log_likelihood": loglik,
        "n_parameters": size,
        "bic": bic,
        "aic": -2 * loglik + 2 * size,
        "icl": bic + 2 * entropy,
    }
    if not has(tree, "loo", "elpd_i"):
        return known
    elpd = tree["loo"].dataset["elpd_i"].values
    return {**known, "elpd_loo": float(elpd.sum()), "elpd_loo_se": float(np.sqrt(rows * elpd.var()))}

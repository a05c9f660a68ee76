"""How far the EM point may be off: its standard errors as one table, and bootstrap replicates summed up under its labels."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from gmm_ppl.mixture.parameters import MixtureParameters, permute
from gmm_ppl.records import map_arrays
from gmm_ppl.results.diagnostics import ETI
from gmm_ppl.results.labels import parameter_names
from gmm_ppl.results.scalars import scalars

if TYPE_CHECKING:
    from gmm_ppl.inference.errors.bootstrap import BootstrapFit

ERRORS = ("observed_se", "sandwich_se", "bootstrap_se", "bootstrap_low", "bootstrap_high")
"""What a file may hold for each of weights, means and covariances: `means_observed_se` and so on."""


def uncertainty(tree: xr.DataTree) -> xr.Dataset:
    """For every scalar of weights, means and covariances: those of `ERRORS` that the tree has, in the parameter's own units.

    Variables over the dimension `parameter`, labelled as in `agreement`. 0 for what the model fixes; NaN where the curvature at
    the point gives no errors, which the attributes of `em_uncertainty` explain.

    Raises:
        KeyError: a tree without the group `em_uncertainty`.
    """
    group, names = tree["em_uncertainty"].dataset, parameter_names(tree)
    there = [error for error in ERRORS if f"{names[0]}_{error}" in group]
    each = {error: group[[f"{name}_{error}" for name in names]] for error in there}
    return xr.Dataset(
        {error: scalars(found.rename({f"{name}_{error}": name for name in names}), names) for error, found in each.items()}
    )


def bootstrap_errors(bootstrap: "BootstrapFit", pivot: MixtureParameters, x: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """Standard deviation (n − 1) and the ends of the 89 % percentile interval over usable replicates, by error and site.

    Labels are settled against the point, `pivot`, first, by agreement of responsibilities, unless the prior tells components
    apart.
    """
    sites = settled(bootstrap, pivot, x).sites
    tail = (1 - ETI) / 2
    return {
        "bootstrap_se": {name: values.std(axis=0, ddof=1) for name, values in sites.items()},
        "bootstrap_low": {name: np.quantile(values, tail, axis=0) for name, values in sites.items()},
        "bootstrap_high": {name: np.quantile(values, 1 - tail, axis=0) for name, values in sites.items()},
    }


def settled(bootstrap: "BootstrapFit", pivot: MixtureParameters, x: np.ndarray) -> MixtureParameters:
    """The usable replicates, (B, …), under the point's labels."""
    # Here, because a report, which reads the errors of a file, needs none of it.
    from gmm_ppl.model.specification import resolved_prior
    from gmm_ppl.priors.labels import why_labels_matter
    from gmm_ppl.results.relabelling.pivot import pivot_order

    kept = map_arrays(lambda leaf: leaf[bootstrap.usable], bootstrap.parameters)
    if why_labels_matter(resolved_prior(bootstrap.mixture)):
        return kept
    one_chain = map_arrays(lambda leaf: leaf[None], kept)
    return permute(kept, pivot_order(one_chain, pivot, x)[0])

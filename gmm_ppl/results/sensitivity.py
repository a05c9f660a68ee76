"""How much the posterior would change with the prior, and with the likelihood, a little stronger or weaker."""

import numpy as np
import xarray as xr

from gmm_ppl.errors import InputError
from gmm_ppl.results.agreement import fixed
from gmm_ppl.results.labels import SAMPLE, parameter_names
from gmm_ppl.results.scalars import scalars

THRESHOLD = 0.05
"""At and above it a posterior counts as sensitive (Kallioinen et al. 2024, doi:10.1007/s11222-023-10366-5)."""

CONFLICT, STRONG, WEAK, FINE = (
    "prior and data may be in conflict",
    "the prior is strong, or the data say little",
    "the data say little",
    "",
)


def sensitivity(tree: xr.DataTree) -> xr.Dataset:
    """Power-scaling sensitivity of every scalar parameter that the model leaves free, by ArviZ's `psense`.

    Variables over the dimension `parameter`: `prior` and `likelihood`, the rate at which the posterior's distribution function
    moves (Jensen–Shannon distance, for each doubling) when that factor of the density is raised to a power about 1;
    `diagnosis`, a phrase, empty where neither gives reason for one.

    ArviZ's own `psense_summary` cannot be called on the tree: it makes a dimension `component`, which mixtures have already.

    Raises:
        InputError: a tree without draws, or whose log-likelihood was too large to be stored.
    """
    missing = [group for group in ("posterior", "log_prior", "log_likelihood") if group not in tree.children]
    if missing:
        raise InputError(
            f"sensitivity: the tree has no {', '.join(missing)}. It takes draws, and a log-likelihood that was small enough to "
            "be stored (to_datatree's limits)."
        )
    # Here, because it takes a second to import, which a fit without draws need not wait for.
    from arviz_stats.psense import psense

    flat = flattened(tree)
    found = {group: psense(flat, var_names="draws", group=group)["draws"] for group in ("prior", "likelihood")}
    return xr.Dataset({**found, "diagnosis": ("parameter", diagnosed(found["prior"].values, found["likelihood"].values))})


def flattened(tree: xr.DataTree) -> xr.DataTree:
    """Draws as one variable (chain, draw, parameter), and the two log densities (chain, draw) whose powers are taken."""
    density, draws = tree["log_likelihood"].dataset["x"], scalars(tree["posterior"].dataset, parameter_names(tree))
    free = draws.isel(parameter=np.flatnonzero(~fixed(tree, draws).values))
    return xr.DataTree.from_dict(
        {
            "/posterior": free.to_dataset(name="draws"),
            "/log_prior": tree["log_prior"].dataset[["log_prior"]],
            "/log_likelihood": density.sum([dim for dim in density.dims if dim not in SAMPLE]).to_dataset(name="x"),
        }
    )


def diagnosed(prior: np.ndarray, likelihood: np.ndarray) -> np.ndarray:
    """A phrase for each pair."""
    strong, heard = prior >= THRESHOLD, likelihood >= THRESHOLD
    return np.select([strong & heard, strong, ~heard], [CONFLICT, STRONG, WEAK], FINE)

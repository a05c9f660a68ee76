"""The log-likelihood of every row under every draw, and what leaving one row out makes of it."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import xarray as xr

from gmm_ppl.results.evaluate import pointwise_log_likelihood, select_draws
from gmm_ppl.results.groups.posterior import posterior_variables
from gmm_ppl.results.labels import SAMPLE
from gmm_ppl.results.limits import spaced
from gmm_ppl.results.loo import FEWEST_DRAWS, LeaveOneOut, leave_one_out, relative_efficiency
from gmm_ppl.results.material import Groups, Material
from gmm_ppl.results.relabel import RelabelledDraws

LogLikelihood = Callable[[slice], np.ndarray]


def likelihood_groups(material: Material, draws: RelabelledDraws) -> Groups:
    """`log_likelihood` (chain, draw, obs) where it is small enough to be stored, and `loo` always, in nats."""
    chains, each = draws.permutation.shape[:2]
    x = material.table.values
    posterior = material.labelled(posterior_variables(draws))
    if chains * each * len(x) <= material.limits.stored:
        values = pointwise_log_likelihood(draws.parameters, x)
        stored = {"log_likelihood": material.labelled({"x": ((*SAMPLE, "obs"), values)})}
        return joined(stored, loo_group(material, posterior, lambda rows: values[:, :, rows]))
    kept = spaced(each, material.limits.loo_draws // chains)
    thinned = select_draws(draws.parameters, kept)
    found = loo_group(material, posterior.isel(draw=kept), lambda rows: pointwise_log_likelihood(thinned, x[rows]))
    return joined({}, found, not_stored(chains, each, len(x), kept.size, material.limits.stored))


def joined(datasets: dict[str, xr.Dataset], found: Groups, *sentences: str) -> Groups:
    """Two sets of groups as one."""
    return Groups({**datasets, **found.datasets}, (*sentences, *found.left_out))


def loo_group(material: Material, posterior: xr.Dataset, log_likelihood: LogLikelihood) -> Groups:
    """elpd_i, p_loo_i (nats) and pareto_k of every row; `log_likelihood(rows)` gives (chain, draw, rows)."""
    chains, each = posterior.sizes["chain"], posterior.sizes["draw"]
    if chains * each < FEWEST_DRAWS:
        return Groups({}, (f"loo: {chains * each} draws are too few for leave-one-out, which needs {FEWEST_DRAWS}.",))
    efficiency = relative_efficiency(posterior)
    found = [
        leave_one_out(log_likelihood(rows), efficiency)
        for rows in row_blocks(len(material.table), chains * each, material.limits.stored)
    ]
    names = {"elpd_i": "elpd", "pareto_k": "pareto_k", "p_loo_i": "p"}
    variables = {name: (("obs",), concatenated(found, field)) for name, field in names.items()}
    attrs = {"n_samples": chains * each, "relative_efficiency": efficiency}
    return Groups({"loo": material.labelled(variables, attrs=attrs)})


def concatenated(found: list[LeaveOneOut], field: str) -> np.ndarray:
    """One field of all blocks."""
    return np.concatenate([getattr(block, field) for block in found])


def row_blocks(rows: int, draws: int, most: int) -> list[slice]:
    """Slices of almost equal length, so that few programs are compiled; draws × rows stay below a quarter of `most`."""
    blocks = min(rows, -(-4 * draws * rows // most))
    edges = np.linspace(0, rows, blocks + 1).astype(int)
    return [slice(first, last) for first, last in pairwise(edges.tolist())]


def not_stored(chains: int, draws: int, rows: int, kept: int, most: int) -> str:
    """What the reader of the file should know."""
    return (
        f"log_likelihood: {chains} chains × {draws} draws × {rows} rows are more than {most} numbers. The loo group has the "
        f"leave-one-out density of every row, computed from {chains} × {kept} draws."
    )

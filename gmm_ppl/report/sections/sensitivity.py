"""What the posterior owes to the prior."""

import numpy as np
import xarray as xr

from gmm_ppl.report.findings import Findings
from gmm_ppl.report.numbers import count, decimals, plural
from gmm_ppl.report.page import Block, Column, Fold, Section, TableBlock, paragraph
from gmm_ppl.report.reading import has
from gmm_ppl.results.sensitivity import THRESHOLD, sensitivity

_MOST_OPEN = 12


def sensitivity_section(found: Findings) -> Section | None:
    """Power-scaling sensitivity; nothing where draws or their densities are missing, or draws are an approximation's."""
    posterior = found.measurements.posterior
    needed = has(found.tree, "log_prior") and has(found.tree, "log_likelihood", "x")
    if posterior is None or not needed or posterior.engine == "laplace" or posterior.chains * posterior.draws < 100:
        return None
    table = sensitivity(found.tree)
    said = np.flatnonzero(table["diagnosis"].values != "")
    text = (
        "How fast the posterior moves where the prior, or the likelihood, is raised to a power a little off 1 (Kallioinen et al. "
        f"2024), by importance weights on the draws; from {THRESHOLD} on it counts as sensitive. "
    )
    if not said.size:
        return Section("sensitivity", "Prior sensitivity", (paragraph(text + "No parameter is sensitive to the prior."),))
    text += f"{plural(said.size, 'parameter')} of {count(table.sizes['parameter'])} gave reason to say something."
    return Section("sensitivity", "Prior sensitivity", (paragraph(text), _table(table.isel(parameter=said))))


def _table(table: xr.Dataset) -> Block:
    rows = tuple(
        (str(name), decimals(prior, 2), decimals(likelihood, 2), str(phrase))
        for name, prior, likelihood, phrase in zip(
            *(table[name].values for name in ("parameter", "prior", "likelihood", "diagnosis")), strict=True
        )
    )
    columns = (Column("parameter", numeric=False), Column("prior"), Column("likelihood"), Column("reading", numeric=False))
    block = TableBlock(columns, rows, "Sensitivity to the prior and to the likelihood")
    return block if len(rows) <= _MOST_OPEN else Fold(f"All {count(len(rows))} parameters", (block,))

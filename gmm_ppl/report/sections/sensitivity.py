"""What the posterior owes to the prior."""

import numpy as np
import xarray as xr

from gmm_ppl.report.findings import Findings
from gmm_ppl.report.numbers import count, decimals, plural
from gmm_ppl.report.page import Block, Column, Fold, Section, TableBlock, paragraph
from gmm_ppl.results.sensitivity import CONFLICT, MOVED, THRESHOLD

_MOST_OPEN = 12


def sensitivity_section(found: Findings) -> Section | None:
    """Power-scaling sensitivity, where it is known."""
    table = found.sensitivity
    if table is None:
        return None
    said = np.flatnonzero(table["diagnosis"].values != "")
    text = (
        "How fast the posterior moves where the prior, or the likelihood, is raised to a power a little off 1 (Kallioinen et al. "
        f"2024), by importance weights on the draws; from {THRESHOLD} on it counts as sensitive. The shift is by how many "
        f"posterior sds the mean would move if the prior counted twice, from {MOVED:g} on a sign that prior and data may be in "
        "conflict. "
    )
    if not said.size:
        return Section("sensitivity", "Prior sensitivity", (paragraph(text + "No parameter is sensitive to the prior."),))
    conflicts = int((table["diagnosis"].values == CONFLICT).sum())
    text += f"Of {plural(table.sizes['parameter'], 'parameter')} {count(said.size)} gave reason to say something, "
    text += f"{count(conflicts)} that prior and data may be in conflict."
    return Section("sensitivity", "Prior sensitivity", (paragraph(text), _table(table.isel(parameter=said))))


def _table(table: xr.Dataset) -> Block:
    titles = ("parameter", "prior", "likelihood", "shift")
    rows = tuple(
        (str(name), *(decimals(each, 2) for each in numbers), str(phrase))
        for name, *numbers, phrase in zip(*(table[name].values for name in (*titles, "diagnosis")), strict=True)
    )
    columns = (Column(titles[0], numeric=False), *map(Column, titles[1:]), Column("reading", numeric=False))
    block = TableBlock(columns, rows, "Sensitivity to the prior and to the likelihood")
    return block if len(rows) <= _MOST_OPEN else Fold(f"All {count(len(rows))} parameters", (block,))

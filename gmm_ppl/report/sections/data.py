"""What the mixture was fitted to."""

from collections.abc import Mapping

import numpy as np

from gmm_ppl.data.wording import at_start
from gmm_ppl.report.findings import Findings
from gmm_ppl.report.numbers import aligned, count, plural
from gmm_ppl.report.page import Block, Column, Section, TableBlock, paragraph
from gmm_ppl.report.reading import features, has, observations

_QUANTILES = (0, 0.25, 0.5, 0.75, 1)
_MOST_LEVELS = 12


def data_section(found: Findings) -> Section:
    """Number of rows, and each feature's moments and quantiles."""
    x, names = observations(found.tree), features(found.tree)
    source = str(found.tree.attrs.get("source", ""))
    text = f"{plural(len(x), 'row')} of {plural(len(names), 'feature')}" + (f", from {source}." if source else ".")
    return Section("data", "Data", (paragraph(text), _table(x, names), *_remarks(found), *_known(found)))


def _table(x: np.ndarray, names: tuple[str, ...]) -> TableBlock:
    columns = (Column("feature", numeric=False), *map(Column, ("mean", "sd", "min", "25 %", "median", "75 %", "max")))
    rows = tuple((name, *_summary(x[:, feature])) for feature, name in enumerate(names))
    return TableBlock(columns, rows, "Features, in the units of the data")


def _summary(values: np.ndarray) -> list[str]:
    spread = float(values.std(ddof=1)) if values.size > 1 else 0.0
    return aligned([float(values.mean()), spread, *np.quantile(values, _QUANTILES).tolist()], error=spread / 10)


def _remarks(found: Findings) -> list[Block]:
    """What the run wrote down of how its data were read."""
    data = found.manifest.get("data")
    remarks = data.get("remarks", []) if isinstance(data, Mapping) else []
    return [paragraph(f"{at_start(remark)}.") for remark in remarks]


def _known(found: Findings) -> list[Block]:
    """One sentence for each known label that came with the rows and was not used."""
    if not has(found.tree, "constant_data"):
        return []
    known = {name: array for name, array in found.tree["constant_data"].dataset.data_vars.items() if array.dims == ("obs",)}
    return [paragraph(f"Known and not used in the fit: {name}, {_levels(array.values)}.") for name, array in known.items()]


def _levels(values: np.ndarray) -> str:
    levels, counts = np.unique(values.astype(str), return_counts=True)
    if levels.size > _MOST_LEVELS:
        return f"{count(levels.size)} different values"
    return ", ".join(f"{level} ({count(size)})" for level, size in zip(levels, counts, strict=True))

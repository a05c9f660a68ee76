"""How far the EM point may be off: its standard errors side by side, beside the posterior's spread."""

from collections.abc import Callable, Mapping
from typing import Any

from gmm_ppl.report.findings import Findings
from gmm_ppl.report.numbers import aligned, count, decimals, plural
from gmm_ppl.report.page import Block, Callout, Column, Fold, Section, TableBlock, Tone, paragraph
from gmm_ppl.report.parameters import ParameterRow
from gmm_ppl.report.reading import has

_MOST_OPEN = 24

_Spread = Callable[[ParameterRow], float]

_ERRORS: Mapping[str, tuple[_Spread, str]] = {
    "observed": (
        lambda row: row.observed_se,
        "observed, from the curvature of the objective at the EM point, which is right where the model is",
    ),
    "sandwich": (
        lambda row: row.sandwich_se,
        "sandwich, the same with the spread of the rows' scores, which is right for a model that is wrong too",
    ),
    "bootstrap": (
        lambda row: row.bootstrap_se,
        "bootstrap, the spread of EM points of reweighted rows, which asks for neither a right model nor a normal law",
    ),
}


def uncertainty_section(found: Findings) -> Section | None:
    """Standard errors of each parameter by each way that the file has, and what their differences mean; nothing without any."""
    if not has(found.tree, "em_uncertainty"):
        return None
    rows = [row for row in found.rows if any(spread(row) > 0 for spread, _ in _ERRORS.values())]
    kinds = [kind for kind, (spread, _) in _ERRORS.items() if any(spread(row) > 0 for row in rows)]
    attrs = {str(name): value for name, value in found.tree["em_uncertainty"].attrs.items()}
    blocks = [*_cautions(attrs), *(_text(rows, kinds, attrs, sampled=found.sampled) if rows else ())]
    if rows:
        blocks.append(_table(rows, kinds, sampled=found.sampled))
    return Section("uncertainty", "Uncertainty of the EM point", tuple(blocks)) if blocks else None


def _cautions(attrs: Mapping[str, Any]) -> list[Block]:
    blocks: list[Block] = []
    if attrs.get("information", "REGULAR") != "REGULAR":
        blocks.append(Callout(Tone.CAUTION, "Standard errors by curvature", str(attrs["message"])))
    failed = attrs.get("replicates", 0) - attrs.get("replicates_usable", 0)
    if failed:
        words = f"{plural(failed, 'replicate')} of {count(attrs['replicates'])} collapsed and have no part in the errors."
        blocks.append(Callout(Tone.CAUTION, "Bootstrap replicates without a mode", words, "The errors are too small by as much."))
    return blocks


def _text(rows: list[ParameterRow], kinds: list[str], attrs: Mapping[str, Any], *, sampled: bool) -> list[Block]:
    """What each error assumes, and how far apart they are."""
    ways = "; ".join(_ERRORS[kind][1] for kind in kinds)
    replicates = f" ({count(attrs['replicates_usable'])} replicates)" if "bootstrap" in kinds else ""
    first = paragraph(f"Standard errors of the EM point: {ways}{replicates}.")
    pairs = [("sandwich", "observed"), ("bootstrap", "sandwich")]
    ratios = [_range(rows, over, under) for over, under in pairs if over in kinds and under in kinds]
    if sampled:
        ratios += [_range(rows, "posterior", kind) for kind in kinds[:1]]
    meaning = "Where the sandwich differs from the observed error, rows are not spread as the model says"
    last = "; where all differ from the posterior, rows are few, its law is skewed, or the prior says much." if sampled else "."
    return [first, paragraph(f"{meaning}{last} {' '.join(each for each in ratios if each)}".strip())]


def _range(rows: list[ParameterRow], over: str, under: str) -> str:
    """`Sandwich over observed: 0.94 to 1.25 (largest for means[0, x]).`"""
    top, bottom = _spread(over), _spread(under)
    found = [(top(row) / bottom(row), row.label) for row in rows if top(row) > 0 and bottom(row) > 0]
    if not found:
        return ""
    low, high = min(found)[0], max(found)
    return f"{over.capitalize()} over {under}: {decimals(low, 2)} to {decimals(high[0], 2)} (largest for {high[1]})."


def _spread(kind: str) -> _Spread:
    return _ERRORS[kind][0] if kind in _ERRORS else lambda row: row.sd


def _table(rows: list[ParameterRow], kinds: list[str], *, sampled: bool) -> Block:
    first, *others = kinds
    columns = (f"EM point ± {first}", *others, *(("posterior mean ± sd",) if sampled else ()))
    table = TableBlock(
        (Column("parameter", numeric=False), *map(Column, columns)),
        tuple(_row(row, kinds, sampled=sampled) for row in rows),
        "The EM point with its standard errors",
    )
    return table if len(rows) <= _MOST_OPEN else Fold(f"All {count(len(rows))} parameters", (table,))


def _row(row: ParameterRow, kinds: list[str], *, sampled: bool) -> tuple[str, ...]:
    errors = [_spread(kind)(row) for kind in kinds]
    point, *spreads, mean, sd = aligned([row.point, *errors, row.mean, row.sd], error=errors[0])
    return row.label, f"{point} ± {spreads[0]}", *spreads[1:], *((f"{mean} ± {sd}",) if sampled else ())

"""Which rows belong to which component, and how sure that is."""

import numpy as np
import xarray as xr

from gmm_ppl.report.figures import figures_of
from gmm_ppl.report.figures.responsibilities import SURE
from gmm_ppl.report.findings import Findings
from gmm_ppl.report.numbers import count, decimals, number, percent, probability
from gmm_ppl.report.page import Block, Column, Section, TableBlock, paragraph
from gmm_ppl.report.reading import components, features, has, observations, responsibilities
from gmm_ppl.results.evaluate import entropy

_MOST_LISTED, _MOST_FEATURES, _MOST_LEVELS = 8, 4, 20


def assignments_section(found: Findings) -> Section | None:
    """Sizes and certainty by component, known labels against components, the least certain rows; None for K = 1."""
    tree = found.tree
    if len(components(tree)) == 1:
        return None
    drawn = has(tree, "assignments", "responsibilities")
    source = (
        "Responsibilities averaged over the posterior"
        if drawn
        else "Responsibilities at the EM point; their own uncertainty needs posterior draws"
    )
    tables = [_sizes(tree), *_against_known(tree), *_doubtful(tree)]
    return Section("assignments", "Assignments", (paragraph(f"{source}."), *tables, *figures_of("assignments", tree)))


def _sizes(tree: xr.DataTree) -> Block:
    shares = responsibilities(tree)
    assigned, top = shares.argmax(1), shares.max(1)
    rows = tuple(
        (
            str(name),
            count((own := assigned == k).sum()),
            decimals(float(shares[:, k].sum()), 1),
            _mean(top[own]),
            count((top[own] < SURE).sum()),
        )
        for k, name in enumerate(components(tree))
    )
    columns = ("rows assigned", "expected rows", "mean certainty", f"below {SURE}")
    unsure = percent(float((top < SURE).mean()))
    return TableBlock(
        (Column("component", numeric=False), *map(Column, columns)),
        rows,
        f"Rows by most probable component; {unsure} of rows below {SURE}",
    )


def _mean(values: np.ndarray) -> str:
    return probability(float(values.mean())) if values.size else "–"


def _against_known(tree: xr.DataTree) -> list[Block]:
    """Cross tables of components with labels that came with the data."""
    if not has(tree, "constant_data"):
        return []
    known = tree["constant_data"].dataset.data_vars.items()
    return [_cross(str(name), array.values.astype(str), tree) for name, array in known if _is_label(array)]


def _is_label(array: xr.DataArray) -> bool:
    return array.dims == ("obs",) and np.unique(array.values.astype(str)).size <= _MOST_LEVELS


def _cross(name: str, labels: np.ndarray, tree: xr.DataTree) -> Block:
    assigned = responsibilities(tree).argmax(1)
    rows = tuple(
        (level, *(count(np.sum((labels == level) & (assigned == k))) for k in range(len(components(tree)))))
        for level in np.unique(labels)
    )
    columns = (Column(name, numeric=False), *(Column(f"component {number}") for number in components(tree)))
    return TableBlock(columns, rows, f"Components against the known {name}, in rows")


def _doubtful(tree: xr.DataTree) -> list[Block]:
    shares = responsibilities(tree)
    order = [at for at in np.argsort(shares.max(1), kind="stable")[:_MOST_LISTED] if shares[at].max() < SURE]
    if not order:
        return []
    x, names = observations(tree), features(tree)[:_MOST_FEATURES]
    columns = (
        Column("row", numeric=False),
        *map(Column, names),
        *(Column(f"component {number}") for number in components(tree)),
        Column("entropy, nats"),
    )
    rows = tuple(
        (
            str(at),
            *(number(value) for value in x[at, : len(names)]),
            *_uncertain(tree, at),
            decimals(float(entropy(shares[at])), 2),
        )
        for at in order
    )
    return [TableBlock(columns, rows, f"The least certain rows: responsibility{_spread(tree)} by component")]


def _spread(tree: xr.DataTree) -> str:
    """What stands beside a responsibility; files of earlier versions have no interval, and those without draws nothing."""
    if has(tree, "assignments", "responsibilities_low"):
        return f" ({percent(_of_each_row(tree, 'low').attrs['probability'])} posterior interval)"
    return " ± posterior sd" if has(tree, "assignments", "responsibilities_sd") else ""


def _uncertain(tree: xr.DataTree, at: int) -> list[str]:
    shares = responsibilities(tree)[at]
    if has(tree, "assignments", "responsibilities_low"):
        ends = (_of_each_row(tree, end).values[at] for end in ("low", "high"))
        return [
            f"{_rounded(share)} ({_rounded(low)} to {_rounded(high)})" for share, low, high in zip(shares, *ends, strict=True)
        ]
    if has(tree, "assignments", "responsibilities_sd"):
        spread = _of_each_row(tree, "sd").values[at]
        return [f"{_rounded(share)} ± {_rounded(error)}" for share, error in zip(shares, spread, strict=True)]
    return [probability(float(share)) for share in shares]


def _of_each_row(tree: xr.DataTree, name: str) -> xr.DataArray:
    return tree["assignments"].dataset[f"responsibilities_{name}"].transpose("obs", "component")


def _rounded(value: float) -> str:
    return decimals(float(value), 2)

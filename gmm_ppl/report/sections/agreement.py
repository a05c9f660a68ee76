"""EM against the posterior, parameter by parameter."""

from gmm_ppl.report.figures import figures_of
from gmm_ppl.report.findings import Findings
from gmm_ppl.report.numbers import aligned, count, decimals, probability
from gmm_ppl.report.page import Block, Column, Fold, Section, TableBlock, paragraph
from gmm_ppl.report.parameters import ParameterRow

_MOST_OPEN = 24


def agreement_section(found: Findings) -> Section | None:
    """Point, posterior mean and sd, z and quantile of each parameter; nothing without a posterior."""
    rows = [row for row in found.rows if row.compared]
    if not rows:
        return None
    text = paragraph(
        "z is the distance from the posterior mean to the EM point in posterior standard deviations; the "
        "quantile is the share of draws "
        f"below the EM point. Largest |z|: {_largest(rows)}."
    )
    return Section(
        "agreement", "EM against the posterior", (text, *figures_of("agreement", found.tree, rows=found.rows), _table(rows))
    )


def _largest(rows: list[ParameterRow]) -> str:
    variables = dict.fromkeys(row.variable for row in rows)
    return ", ".join(f"{name} {decimals(max(abs(row.z) for row in rows if row.variable == name), 2)}" for name in variables)


def _table(rows: list[ParameterRow]) -> Block:
    columns = ("EM point", "posterior mean", "posterior sd", "z", "quantile")
    table = TableBlock(
        (Column("parameter", numeric=False), *map(Column, columns)),
        tuple(_row(row) for row in rows),
        "The EM point in its posterior",
    )
    return table if len(rows) <= _MOST_OPEN else Fold(f"All {count(len(rows))} parameters", (table,))


def _row(row: ParameterRow) -> tuple[str, ...]:
    point, mean, sd = aligned([row.point, row.mean, row.sd], error=row.sd)
    return row.label, point, mean, sd, decimals(row.z, 2), probability(row.quantile)

"""What can be trusted, what not, and why: warnings first."""

from gmm_ppl.report.findings import Findings
from gmm_ppl.report.page import Column, Section, TableBlock, paragraph
from gmm_ppl.report.verdict import conclude, warnings


def verdict_section(found: Findings) -> Section:
    """The headline, every warning with its evidence, limit and remedy, and all checks in one table."""
    scope = paragraph(
        "The checks say whether the numbers are computed right, and whether the prior moves them. They do not say that the model "
        "is right: for that, see the fit checks, and compare other numbers of components."
    )
    return Section("verdict", "Verdict", (conclude(found.checks), *warnings(found.checks), _table(found), scope))


def _table(found: Findings) -> TableBlock:
    columns = tuple(Column(title, numeric=False) for title in ("check", "outcome", "measured", "limit"))
    rows = tuple((check.name, check.tone.value, check.measured, check.limit) for check in found.checks)
    return TableBlock(columns, rows, "All checks and their limits", tuple(check.tone for check in found.checks))

"""What a report is made of, from its registries: kind, name, meaning."""

from collections.abc import Callable

from gmm_ppl.report.figures import FIGURES
from gmm_ppl.report.sections import SECTIONS


def report_parts() -> list[tuple[str, str, str]]:
    """One row for every section and every figure."""
    sections = [("section", part.__name__.removesuffix("_section"), _first_line(part)) for part in SECTIONS]
    return sections + [("figure", part.__name__.removesuffix("_figure"), _first_line(part)) for _, part in FIGURES]


def _first_line(part: Callable) -> str:
    return (part.__doc__ or "").strip().partition("\n")[0]

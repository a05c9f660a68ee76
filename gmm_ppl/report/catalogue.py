"""What a report is made of, from its registries: kind, name, meaning."""

from collections.abc import Callable

from gmm_ppl.report.extensions import Extension, extensions
from gmm_ppl.report.figures import FIGURES
from gmm_ppl.report.sections import SECTIONS


def report_parts() -> list[tuple[str, str, str]]:
    """One row for every section and every figure."""
    sections = [("section", part.__name__.removesuffix("_section"), _first_line(part)) for part in SECTIONS]
    figures = [("figure", part.__name__.removesuffix("_figure"), _first_line(part)) for _, part in FIGURES]
    return [*sections, *map(_of_another, extensions()), *figures]


def _of_another(extension: Extension) -> tuple[str, str, str]:
    try:
        meaning = _first_line(extension.load())
    except Exception as error:  # A package that is broken is listed as that.
        meaning = f"cannot be loaded: {type(error).__name__}: {error}"
    return "section", extension.point.name, f"{' '.join(meaning.split())} (package {extension.package})"


def _first_line(part: Callable) -> str:
    return (part.__doc__ or "").strip().partition("\n")[0]

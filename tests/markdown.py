"""Tables of the pages that tools of the project write."""

from collections.abc import Iterable, Sequence


def row(cells: Iterable[object]) -> str:
    """A line of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def table(header: Sequence[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """The lines of a Markdown table."""
    return [row(header), row(["---"] * len(header)), *map(row, rows)]

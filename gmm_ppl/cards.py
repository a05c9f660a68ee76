"""What a notebook shows of a fit or a specification: a few facts and one small table, as HTML in the notebook's own colours.

Built of text alone, so that any floor can say what it holds; every string is escaped.
"""

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

MOST_ROWS, MOST_COLUMNS = 12, 6
_CELL = "text-align:right;padding:0.15em 0.9em 0.15em 0"
_FAINT = "opacity:0.7"


def card(title: str, facts: Iterable[tuple[str, str]], columns: Sequence[str] = (), rows: Sequence[Sequence[str]] = ()) -> str:
    """A title, names with values, and a table of which at most 12 rows and 6 columns are shown.

    Colours are the page's own, faint ones by opacity, so that a dark notebook needs no other card.
    """
    listed = "".join(f"<div><span style='{_FAINT}'>{escape(name)}</span> {escape(value)}</div>" for name, value in facts)
    return f"<div><strong>{escape(title)}</strong>{listed}{_table(columns, rows) if rows else ''}</div>"


def component_table(weights: np.ndarray, means: np.ndarray, deviations: np.ndarray) -> tuple[list[str], list[list[str]]]:
    """Columns and rows for `card`: a component's weight (K,), then mean ± standard deviation of each feature, (K, D)."""
    columns = ["component", "weight", *(f"x[{feature}]" for feature in range(means.shape[1]))]
    rows = [
        [str(k), number(weight), *(f"{number(mean)} ± {number(sd)}" for mean, sd in zip(means[k], deviations[k], strict=True))]
        for k, weight in enumerate(weights)
    ]
    return columns, rows


def number(value: float, *, digits: int = 4) -> str:
    """`value` to so many significant digits, with a minus sign; a dash where it is no number."""
    return "–" if np.isnan(value) else f"{value:.{digits}g}".replace("-", "−").replace("inf", "∞")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th scope='col' style='{_CELL}'>{escape(each)}</th>" for each in columns[:MOST_COLUMNS])
    cells = [[f"<td style='{_CELL}'>{escape(cell)}</td>" for cell in row[:MOST_COLUMNS]] for row in rows[:MOST_ROWS]]
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in cells)
    more = [f"{len(rows) - MOST_ROWS} more rows"] * (len(rows) > MOST_ROWS)
    more += [f"{len(columns) - MOST_COLUMNS} more columns"] * (len(columns) > MOST_COLUMNS)
    rest = f"<div style='{_FAINT}'>and {', '.join(more)}</div>" if more else ""
    return f"<table style='font-variant-numeric:tabular-nums'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"

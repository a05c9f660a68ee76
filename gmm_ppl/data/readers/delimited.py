"""Text with one row a line and a delimiter between the cells: CSV and TSV.

The first line holds the names of the columns. Cells may be quoted; spaces around them, a byte-order mark, Windows line
ends and blank lines do not count (in a file of one column a blank line between two others is a missing value). Cells
that are empty or read NA, N/A, NaN, null, None, "." or "?", in any case, are missing values. A column whose other cells
are all numbers is a column of numbers, one without a number is text, and one with both is `Kind.MIXED`.

A first column without a name holds the names of the rows, whatever its cells: R's write.csv and pandas' to_csv write one,
R's write.table without an empty cell above it.
"""

from collections.abc import Sequence
from functools import partial
from itertools import batched
from pathlib import Path

import numpy as np

from gmm_ppl.data.cells import Cells, parse_cells, together
from gmm_ppl.data.columns import Column, Columns, Kind
from gmm_ppl.data.readers.base import Reader
from gmm_ppl.data.readers.lines import header_and_rows

BATCH = 4096


def read(path: Path, *, delimiter: str) -> Columns:
    """All columns of the file at `path`; columns with text in them cost a second reading."""
    numbers, names, batches = [], [], []
    with header_and_rows(path, delimiter) as (header, rows):
        first = 0 if header.cells[0] else 1
        for batch in batched(rows, BATCH):
            numbers.extend(row.number for row in batch)
            cells = list(zip(*(row.cells for row in batch), strict=True))
            names.extend(map(_text, cells[:first]))
            batches.append(list(map(parse_cells, cells[first:])))
    parsed = [together(cells) for cells in zip(*batches, strict=True)] or [parse_cells([])] * len(header.cells[first:])
    texts = _texts(path, delimiter, [place for place, cells in enumerate(parsed, first) if cells.text.any()])
    named = enumerate(zip(header.cells[first:], parsed, strict=True), first)
    columns = tuple(_column(name, cells, texts.get(place)) for place, (name, cells) in named)
    lines, row_names = np.array(numbers, dtype=np.int64), np.concatenate([_text(()), *names]) if first else None
    return Columns(columns, len(numbers), path.name, str(path), lines=lines, row_names=row_names)


def _texts(path: Path, delimiter: str, places: Sequence[int]) -> dict[int, np.ndarray]:
    """The cells of the columns at `places` as they are written."""
    if not places:
        return {}
    with header_and_rows(path, delimiter) as (_, rows):
        texts = [[row.cells[place] for place in places] for row in rows]
    return dict(zip(places, map(_text, zip(*texts, strict=True)), strict=True))


def _text(cells: Sequence[str]) -> np.ndarray:
    # NumPy's text drops zero bytes at its end, and a cell of nothing else would look empty
    return np.array([cell.strip().replace("\0", "\ufffd") for cell in cells], dtype=str)


def _column(name: str, cells: Cells, text: np.ndarray | None) -> Column:
    if text is None:
        return Column(name, cells.values, Kind.NUMBER, cells.missing, cells.inexact)
    any_number = not (cells.text | cells.missing).all()
    return Column(name, text, Kind.MIXED if any_number else Kind.TEXT)


CSV = Reader("comma-separated text", (".csv",), partial(read, delimiter=","))
TSV = Reader("tab-separated text", (".tsv",), partial(read, delimiter="\t"))

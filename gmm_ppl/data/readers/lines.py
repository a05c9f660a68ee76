"""The lines of a delimited text file, cut into cells, each with its number; refuses what is not such a file."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gmm_ppl.errors import InputError

DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", " ": "spaces"}


class Line(NamedTuple):
    """The cells of one record and the line of the file it starts on, from 1."""

    number: int
    cells: list[str]


def header_and_rows(path: Path, delimiter: str) -> tuple[Line, Iterator[Line]]:
    """The first line that is not blank and, lazily, the lines below it, each with as many cells as the first.

    Raises:
        InputError: no line at all, a comment or another delimiter on the first line; while the rows are read, a line
            with more or fewer cells, a quotation mark that is not closed, or bytes that are not UTF-8.
    """
    lines = _cut(path, delimiter)
    header = next((line for line in lines if not _is_blank(line)), None)
    if header is None:
        raise InputError(f"{path} is empty: it needs a line with the names of the columns and then one line a row.")
    header = Line(header.number, [cell.strip() for cell in header.cells])
    _check_comment(path, header)
    return header, _rows(path, delimiter, header, lines)


def _cut(path: Path, delimiter: str) -> Iterator[Line]:
    start = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True, strict=True)
            for cells in reader:
                yield Line(start, cells)
                start = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise InputError(_encoding_message(path, error)) from error
    except csv.Error as error:
        raise InputError(
            f"Line {start} of {path} cannot be cut into cells ({error}): look for a quotation mark without its partner."
        ) from error


def _encoding_message(path: Path, error: UnicodeDecodeError) -> str:
    with path.open("rb") as file:
        start = file.read(2)
    found = "UTF-16" if start in (b"\xff\xfe", b"\xfe\xff") else f"byte 0x{error.object[error.start]:02x}"
    return f"{path} is not UTF-8 text ({found}): save it as UTF-8."


def _is_blank(line: Line) -> bool:
    return len(line.cells) <= 1 and not "".join(line.cells).strip()


def _rows(path: Path, delimiter: str, header: Line, lines: Iterator[Line]) -> Iterator[Line]:
    blank, first = [], True
    for line in lines:
        if _is_blank(line):
            blank.append(Line(line.number, [""]))
            continue
        if first:
            _check_delimiter(path, delimiter, header, line)
        if len(line.cells) != len(header.cells):
            raise InputError(_ragged_message(path, header, line, first=first))
        if len(header.cells) == 1:
            yield from blank
        yield line
        blank, first = [], False


def _check_comment(path: Path, header: Line) -> None:
    if header.cells[0].startswith("#"):
        raise InputError(
            f"Line {header.number} of {path} starts with '#', where the names of the columns are expected: remove "
            "comment lines, and the '#' before the names."
        )


def _check_delimiter(path: Path, delimiter: str, header: Line, line: Line) -> None:
    """One column whose name and first row hold the same number of another delimiter: that one cuts the file."""
    if len(header.cells) > 1:
        return
    for other in DELIMITER_NAMES:
        count = header.cells[0].count(other)
        if other != delimiter and count and delimiter.join(line.cells).count(other) == count:
            raise InputError(
                f"The cells of {path} are separated by {DELIMITER_NAMES[other]}, where {DELIMITER_NAMES[delimiter]} "
                f"are expected: {_advice(path, other)}."
            )


def _advice(path: Path, delimiter: str) -> str:
    if delimiter in ",\t":
        suffix = ".csv" if delimiter == "," else ".tsv"
        return f"rename it to {path.with_suffix(suffix).name}"
    return (
        f"save it with commas (and decimal points), or read it with pandas.read_csv(path, sep='{delimiter}') "
        "and pass the DataFrame"
    )


def _ragged_message(path: Path, header: Line, line: Line, *, first: bool) -> str:
    found, expected = len(line.cells), len(header.cells)
    cells = f"{found} cell{'' if found == 1 else 's'}"
    names = f"{expected} column{'' if expected == 1 else 's'}"
    return (
        f"Line {line.number} of {path} has {cells} where line {header.number} names {names}: "
        f"{_ragged_advice(line, expected, first=first)}."
    )


def _ragged_advice(line: Line, expected: int, *, first: bool) -> str:
    if len(line.cells) == expected + 1 and not line.cells[-1].strip():
        return "remove the delimiter at the end of the line"
    if first and len(line.cells) == 2 * expected:
        return "if the numbers have decimal commas, write them with points"
    if first and len(line.cells) == expected + 1:
        return "if the rows start with their names, give that column a name too"
    return "give every line the same number of cells, and quote a cell that contains the delimiter"

"""The lines of a delimited text file, cut into cells, each with its number; refuses what is not such a file."""

import csv
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from gmm_ppl.data.numbers import is_missing, number
from gmm_ppl.errors import InputError

DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", " ": "spaces"}


class Line(NamedTuple):
    """The cells of a line and its number in the file, from 1."""

    number: int
    cells: list[str]


@contextmanager
def header_and_rows(path: Path, delimiter: str) -> Generator[tuple[Line, Iterator[Line]]]:
    """The first line that is not blank and, lazily, the lines below it, each with as many cells as the first.

    Where the rows begin with their names and the first line does not count those, as R's write.table has it, it gets an
    empty cell in front. The file is open until the context ends, also when a line is refused: a user may correct or
    remove it at once.

    Raises:
        InputError: no line at all, a comment or another delimiter on the first line; while the rows are read, a line
            with more or fewer cells, a quoted cell that does not end on its line, or bytes that are not UTF-8.
    """
    with closing(_cut(path, delimiter)) as lines:
        header = next((line for line in lines if not _is_blank(line)), None)
        if header is None:
            raise InputError(f"{path} is empty: it needs a line with the names of the columns and then one line a row.")
        header = Line(header.number, [cell.strip() for cell in header.cells])
        _check_comment(path, header)
        start = _first_row(lines)
        cells = [*_nameless(path, delimiter, header, start), *header.cells]
        yield Line(header.number, cells), _rows(path, header, len(cells), chain(start, lines))


def _cut(path: Path, delimiter: str) -> Generator[Line]:
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
            for number, cells in enumerate(reader, start=1):
                _check_one_line(path, number, reader.line_num)
                yield Line(number, cells)
    except UnicodeDecodeError as error:
        raise InputError(_encoding_message(path)) from error
    except csv.Error as error:
        raise InputError(f"Line {number + 1} of {path} cannot be cut into cells ({error}).") from error


def _check_one_line(path: Path, number: int, last: int) -> None:
    """A quotation mark too many would swallow rows without a sign, so that no cell may go on to the next line."""
    if last != number:
        raise InputError(
            f"A quoted cell on line {number} of {path} goes on to line {last}: look for a quotation mark without its "
            "partner; cells of several lines cannot be read."
        )


def _encoding_message(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return f"{path} is not UTF-8 text but UTF-16: save it as UTF-8."
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return f"Line {line} of {path} is not UTF-8 text (byte 0x{content[error.start]:02x}): save it as UTF-8."
    return f"{path} changed while it was read: try again."


def _is_blank(line: Line) -> bool:
    return len(line.cells) <= 1 and not "".join(line.cells).strip()


def _first_row(lines: Iterator[Line]) -> list[Line]:
    """The first line that is not blank, if any, and the blank ones above it."""
    start = []
    for line in lines:
        start.append(line)
        if not _is_blank(line):
            break
    return start


def _nameless(path: Path, delimiter: str, header: Line, start: list[Line]) -> list[str]:
    """The names that the first line leaves out: an empty one where the first row begins with its name, else none."""
    row = start[-1] if start else Line(header.number, [])
    _check_delimiter(path, delimiter, header, row.cells)
    one_more = len(row.cells) == len(header.cells) + 1 and row.cells[-1].strip()
    return [""] if one_more and _begins_with_a_name(path, delimiter, row) else []


def _begins_with_a_name(path: Path, delimiter: str, row: Line) -> bool:
    """True but for a bare number between commas, which may be half of a number with a decimal comma."""
    text = number(row.cells[0]) is None and not is_missing(row.cells[0])
    return text or delimiter != "," or _is_quoted(path, row.number)


def _is_quoted(path: Path, line: int) -> bool:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(islice(file, line - 1, None)).lstrip().startswith('"')


def _rows(path: Path, header: Line, expected: int, lines: Iterator[Line]) -> Iterator[Line]:
    blank, first = [], True
    for line in lines:
        if _is_blank(line):
            blank.append(Line(line.number, [""]))
            continue
        if len(line.cells) != expected:
            raise InputError(_ragged_message(path, header, expected, line, first=first))
        if expected == 1:
            yield from blank
        yield line
        blank, first = [], False


def _check_comment(path: Path, header: Line) -> None:
    if header.cells[0].startswith("#"):
        raise InputError(
            f"Line {header.number} of {path} starts with '#', where the names of the columns are expected: remove "
            "comment lines, and the '#' before the names."
        )


def _check_delimiter(path: Path, delimiter: str, header: Line, cells: list[str]) -> None:
    """One column whose name and first row hold the same number of another delimiter: that one cuts the file."""
    if len(header.cells) > 1:
        return
    for other in DELIMITER_NAMES:
        count = header.cells[0].count(other)
        if other != delimiter and count and delimiter.join(cells).count(other) == count:
            raise InputError(
                f"{path} has {DELIMITER_NAMES[other]} between its cells, where {DELIMITER_NAMES[delimiter]} are "
                f"expected: {_delimiter_advice(path, other, decimal_commas=len(cells) > 1)}."
            )


def _delimiter_advice(path: Path, delimiter: str, *, decimal_commas: bool) -> str:
    if delimiter in ",\t":
        suffix = ".csv" if delimiter == "," else ".tsv"
        return f"rename it to '{path.with_suffix(suffix)}'"
    decimal = ", decimal=','" if decimal_commas else ""
    return (
        f"save it with commas between the cells and decimal points, or read it with "
        f"pandas.read_csv('{path}', sep='{delimiter}'{decimal}) and pass the DataFrame"
    )


def _ragged_message(path: Path, header: Line, expected: int, line: Line, *, first: bool) -> str:
    found, named = len(line.cells), len(header.cells)
    cells = f"{found} cell{'' if found == 1 else 's'}"
    names = f"{named} column{'' if named == 1 else 's'}{", beside the rows' names" if expected > named else ''}"
    return (
        f"Line {line.number} of {path} has {cells} where line {header.number} names {names}: "
        f"{_ragged_advice(line, expected, first=first)}."
    )


def _ragged_advice(line: Line, expected: int, *, first: bool) -> str:
    if len(line.cells) == expected + 1 and not line.cells[-1].strip():
        return "remove the delimiter at the end of the line"
    if first and len(line.cells) == expected + 1:
        return (
            "if the rows begin with their names, put an empty cell before the first column's name; if the numbers have "
            "decimal commas, write them with points"
        )
    if first and len(line.cells) == 2 * expected:
        return "if the numbers have decimal commas, write them with points"
    return "give every line the same number of cells, and quote a cell that contains the delimiter"

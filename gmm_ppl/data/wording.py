"""The recurring parts of this package's error messages: lists of names, nearest names, rows and their lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from gmm_ppl.errors import InputError

LISTED_NAMES = 12
LISTED_ROWS = 5
LISTED_LETTERS = 40
LISTED_PROBLEMS = 10


def joined(words: Sequence[str]) -> str:
    """Words in a sentence: a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def shortened(words: Sequence[str], limit: int) -> str:
    """Words in a sentence, no more than `limit` of them: a, b and 7 more."""
    if len(words) <= limit:
        return joined(words)
    return joined([*words[:limit], f"{len(words) - limit} more"])


def quoted(names: Sequence[str]) -> str:
    """Names in a sentence, in quotes: 'a', 'b' and 'c'."""
    return shortened([f"'{name}'" for name in names], LISTED_NAMES)


def nearest(name: str, names: Sequence[str], *, cutoff: float = 0.6) -> str | None:
    """The one of `names` that `name` is most likely a slip of, whatever the case of its letters, or None.

    `cutoff` is the share of letters that have to agree, as in `difflib.get_close_matches`.
    """
    folded = {known.casefold(): known for known in reversed(names)}
    found = get_close_matches(name.casefold(), list(folded), n=1, cutoff=cutoff)
    return folded[found[0]] if found else None


def did_you_mean(name: str, names: Sequence[str]) -> str:
    """The end of a sentence on an unknown name: it offers the nearest one, or is a full stop where none is near."""
    near = nearest(name, names)
    return "." if near is None else f"; did you mean '{near}'?"


def at_start(origin: str) -> str:
    """The name of a source at the start of a sentence: The array, but measurements.csv."""
    return f"T{origin[1:]}" if origin.startswith("the ") else origin


def quoted_cell(cell: str) -> str:
    """A cell in a sentence, in quotes, on one line and not too long."""
    shown = cell if len(cell) <= LISTED_LETTERS else f"{cell[:LISTED_LETTERS]}…"
    return f"'{' '.join(shown.split())}'"


def rows_of(rows: np.ndarray, lines: np.ndarray | None) -> str:
    """Rows in a sentence, counted from 0, and for text files the lines they stand on, counted from 1."""
    said = f"{_numbered('row', rows)}, counting from 0"
    return said if lines is None else f"{said} ({_numbered('line', lines[rows])} of the file)"


def _numbered(word: str, numbers: np.ndarray) -> str:
    plural = "" if len(numbers) == 1 else "s"
    shown = [str(number) for number in numbers[:LISTED_ROWS]]
    more = len(numbers) - len(shown)
    return f"{word}{plural} {joined([*shown, f'{more} more'] if more else shown)}"


@dataclass(frozen=True)
class Problem:
    """Why data cannot be used, and what to do about it: a sentence each."""

    fact: str
    advice: str


def raise_problems(origin: str, problems: Sequence[Problem]) -> None:
    """Raise one `InputError` for all `problems`, every advice given once; do nothing where there are none."""
    if not problems:
        return
    if len(problems) == 1:
        raise InputError(f"{problems[0].fact} {problems[0].advice}")
    facts = [f"- {problem.fact}" for problem in problems[:LISTED_PROBLEMS]]
    more = len(problems) - len(facts)
    rest = [f"- {more} more columns have such problems."] if more else []
    advice = dict.fromkeys(problem.advice for problem in problems[:LISTED_PROBLEMS])
    heading = f"{len(problems)} problems keep {origin} from being used:"
    raise InputError("\n".join([heading, *facts, *rest, *advice]))


def plain(value: float) -> str:
    """A number as one would write it: 3 instead of 3.0, all digits kept."""
    return repr(float(value)).removesuffix(".0")

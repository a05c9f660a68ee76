"""Small pieces of sentences that error messages share."""

from collections.abc import Iterable, Sequence
from typing import Any

from gmm_ppl.data.wording import nearest


def suggestion(word: str, known: Sequence[str]) -> str:
    """`; did you mean 'full'?`, or nothing."""
    close = nearest(word, known)
    return f"; did you mean '{close}'?" if close else ""


def listed(names: Iterable[str]) -> str:
    """`a, b, c`."""
    return ", ".join(names)


def described(value: Any) -> str:
    """A YAML value named as a person would name it."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, str):
        return f"the text '{value}'"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return "a mapping" if isinstance(value, dict) else f"{value} (a {type(value).__name__})"


def first_sentence(thing: object) -> str:
    """What a docstring begins with."""
    return (thing.__doc__ or "").strip().partition("\n")[0].partition(". ")[0].rstrip(".") + "."

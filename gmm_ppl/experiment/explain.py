"""Pydantic's errors as sentences with a place: what was given, what was expected, what to write instead."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gmm_ppl.experiment.schema import section_at
from gmm_ppl.experiment.source import Entry, KeyPath, Problem, Source, dotted
from gmm_ppl.experiment.words import described, listed, suggestion

NUMBER_AS_TEXT = re.compile(r"([-+]?)(\d+\.?\d*|\.\d+)(?:[eE]([-+]?)(\d+))?")

EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "dict_type": "keys with values",
}
BOUNDS = {
    "greater_than": ("gt", "a number above"),
    "greater_than_equal": ("ge", "a number of at least"),
    "less_than": ("lt", "a number below"),
    "less_than_equal": ("le", "a number of at most"),
}


def explain(error: ValidationError, source: Source) -> list[Problem]:
    """One problem for each of pydantic's errors.

    Arguments:
        error: what validating `source.values` as an `ExperimentConfig` raised.
        source: the values that were validated, with their places.
    """
    return [_problem(details, source) for details in error.errors() if not _follows(details)]


def problem_at(path: KeyPath, source: Source, message: str) -> Problem:
    """A problem with the value at `path`, or with the nearest thing around it that the file holds."""
    return Problem(_entry(path, source).value, dotted(path), message)


def _follows(details: ErrorDetails) -> bool:
    """Whether an error is only the shadow of others: a list that is too short because its items were refused."""
    return details["type"] == "too_short" and len(details["input"]) > 0


def _problem(details: ErrorDetails, source: Source) -> Problem:
    path = document_path(details, source.values)
    entry = _entry(path, source)
    if details["type"] == "missing":
        return Problem(entry.key, dotted(path), f"this key is missing. {_meaning(details)}")
    if details["type"] == "extra_forbidden":
        return Problem(entry.key, dotted(path), _unknown_key(details))
    return Problem(entry.value, dotted(path), _message(details, entry))


def document_path(details: ErrorDetails, values: Any) -> KeyPath:
    """Where in the document an error stands: pydantic's location without the tags of unions."""
    path: list[str | int] = []
    for part in details["loc"]:
        if _holds(values, part):
            values = values[part]
            path.append(part)
    if details["type"] == "missing":
        path.append(details["loc"][-1])
    if details["type"] == "union_tag_invalid" and _holds(values, _tag_key(details)):
        path.append(_tag_key(details))
    return tuple(path)


def _holds(values: Any, part: str | int) -> bool:
    if isinstance(values, dict):
        return part in values
    return isinstance(values, list) and isinstance(part, int) and part < len(values)


def _entry(path: KeyPath, source: Source) -> Entry:
    """The entry of a path, or of the nearest section around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in source.entries:
            return source.entries[path[:length]]
    return Entry(f"{source.name}:1:1", f"{source.name}:1:1")


def _message(details: ErrorDetails, entry: Entry) -> str:
    kind, given = details["type"], details["input"]
    if kind in EXPECTED:
        hint = _hint(kind, given, entry.plain)
        return f"expected {EXPECTED[kind]}, got {described(given)}{hint}"
    if kind in BOUNDS:
        key, words = BOUNDS[kind]
        return f"expected {words} {_context(details)[key]:.10g}, got {given}"
    return OTHERS[kind](details) if kind in OTHERS else details["msg"]


def _hint(kind: str, given: Any, plain: str | None) -> str:
    if kind == "model_type" and given is None:
        return "; leave the key away for its defaults"
    if kind == "string_type" and plain and isinstance(given, bool | int | float):
        return f'; in quotes, "{plain}", YAML keeps it as text'
    if kind == "string_type" and plain and not isinstance(given, dict | list | type(None)):
        return f'; in quotes, "{plain}", it stays text'
    if kind in {"int_type", "float_type"} and isinstance(given, str) and NUMBER_AS_TEXT.fullmatch(given.strip()):
        return f"; YAML takes {given} for text, write {as_number(given)}" if plain else "; remove the quotes"
    return ""


def as_number(text: str) -> str:
    """`1e-4` as YAML reads a number: with a point in the mantissa and a sign in the exponent, `1.0e-4`."""
    mantissa, mark, exponent = text.strip().lower().partition("e")
    mantissa = mantissa if "." in mantissa else f"{mantissa}.0"
    signed = exponent if exponent.startswith(("+", "-")) else f"+{exponent}"
    return f"{mantissa}e{signed}" if mark else mantissa


def _unknown_key(details: ErrorDetails) -> str:
    key, allowed = str(details["loc"][-1]), list(section_at(details["loc"][:-1]).model_fields)
    return f"unknown key{suggestion(key, allowed)} (allowed here: {listed(allowed)})"


def _meaning(details: ErrorDetails) -> str:
    """The description of the field that an error is about."""
    return section_at(details["loc"][:-1]).model_fields[str(details["loc"][-1])].description or ""


def _unknown_tag(details: ErrorDetails) -> str:
    key, tag = _tag_key(details), _context(details)["tag"]
    tags = _context(details)["expected_tags"].replace("'", "").split(", ")
    return f"unknown {key} '{tag}'{suggestion(tag, tags)} (known: {listed(tags)})"


def _no_tag(details: ErrorDetails) -> str:
    if isinstance(details["input"], dict):
        return f"the key `{_tag_key(details)}` is missing. {_meaning(details)}"
    return f"expected keys with values, got {described(details['input'])}. {_meaning(details)}"


def _context(details: ErrorDetails) -> dict[str, Any]:
    return details.get("ctx", {})


def _tag_key(details: ErrorDetails) -> str:
    return _context(details)["discriminator"].removesuffix("()")


def _pattern(details: ErrorDetails) -> str:
    return f"{described(details['input'])} cannot be used. {_meaning(details)}"


def _too_short(details: ErrorDetails) -> str:
    return "this is empty; give at least one, or leave the key away"


OTHERS: Mapping[str, Callable[[ErrorDetails], str]] = {
    "union_tag_invalid": _unknown_tag,
    "union_tag_not_found": _no_tag,
    "string_pattern_mismatch": _pattern,
    "too_short": _too_short,
    "string_too_short": _too_short,
}

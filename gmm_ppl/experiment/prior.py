"""The prior section of a config, made from the registry of priors: one section per kind, one key per number."""

import inspect
import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, GetJsonSchemaHandler, Tag, create_model
from pydantic_core import CoreSchema

from gmm_ppl.experiment.fields import Section, by_tag, refusal
from gmm_ppl.experiment.words import described
from gmm_ppl.priors import PRIORS, prior_numbers


def _numbers(value: Any) -> Any:
    """Accept a number, a list of numbers, or a matrix as a list of rows."""
    if _is_number(value) or (isinstance(value, list | tuple) and value and _all_numbers(value)):
        return _frozen(value)
    expected = "a number, a list of numbers, or a matrix as a list of rows"
    wrong = next((item for item in _flat(value) if not _is_number(item)), value)
    raise refusal(f"expected {expected}, got {described(wrong)}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _all_numbers(values: Any) -> bool:
    rows = [row for row in values if isinstance(row, list | tuple)]
    if rows and len(rows) == len(values):
        return all(row and all(map(_is_number, row)) and len(row) == len(rows[0]) for row in rows)
    return all(map(_is_number, values))


def _flat(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in _flat(item)] if isinstance(value, list | tuple) else [value]


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else float(value)


Numbers = Annotated[float | tuple[float, ...] | tuple[tuple[float, ...], ...], BeforeValidator(_numbers)]
Function = Annotated[str, Field(pattern=r"^[\w.]+:[\w.]+$")]


def _section(kind: str, builder: Callable[..., Any]) -> type[BaseModel]:
    """The section of one kind of prior: its keys and defaults are the builder's own keyword arguments."""
    summary = (inspect.getdoc(builder) or kind).partition("\n")[0]
    meanings = _meanings(builder)
    fields: dict[str, Any] = {"kind": (Literal[kind], Field(description="The kind of prior."))}
    for name in prior_numbers(kind):
        default = inspect.signature(builder).parameters[name].default
        fields[name] = _field(name, default, meanings.get(name, summary))
    return create_model(f"{kind.capitalize()}Prior", __base__=Section, __doc__=summary, **fields)


def _field(name: str, default: Any, meaning: str) -> tuple[Any, Any]:
    """Type and default of one key; a number without a default is scaled to the data, a function must be named."""
    if name == "function":
        return Function, Field(description=meaning)
    held: Any = Numbers
    return (held | None if default is None else held), Field(default, description=meaning)


def _meanings(builder: Callable[..., Any]) -> Mapping[str, str]:
    """What the builder's docstring says about each of its arguments."""
    listed = (inspect.getdoc(builder) or "").partition("Args:")[2]
    return {name: " ".join(text.split()) for name, text in re.findall(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", listed, re.M)}


def _spelled_out(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


class _NameOrMapping:
    """In the JSON schema: the name alone, for kinds that need no numbers, or the mapping."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        alone = [kind for kind, section in SECTIONS.items() if _required(section) == ["kind"]]
        return {"anyOf": [{"type": "string", "enum": alone}, handler(schema)]}


def _required(section: type[BaseModel]) -> list[str]:
    return [name for name, field in section.model_fields.items() if field.is_required()]


SECTIONS: Mapping[str, type[BaseModel]] = {kind: _section(kind, builder) for kind, builder in PRIORS.items()}

if TYPE_CHECKING:
    # The members are only known at run time.
    Prior = Any
else:
    Prior = Annotated[
        Annotated[
            Union[tuple(Annotated[section, Tag(kind)] for kind, section in SECTIONS.items())],  # noqa: UP007
            Discriminator(by_tag("kind", None)),
        ],
        BeforeValidator(_spelled_out),
        _NameOrMapping(),
    ]

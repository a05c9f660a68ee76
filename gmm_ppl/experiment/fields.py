"""What every section of a config shares: its strictness, and names that are checked against a registry."""

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

from gmm_ppl.experiment.words import described, listed, suggestion

UNSWEPT = ("name", "sweep")
"""Keys that a sweep cannot vary."""


class Section(BaseModel):
    """A part of a config: unknown keys are errors, nothing is converted silently, nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class OneOf:
    """Annotates a name that must be one of a registry's."""

    def __init__(self, what: str, names: Iterable[str]):
        self._what = what
        self._known = tuple(names)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check the name before anything else."""
        return no_info_before_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The names as an enumeration."""
        return {"type": "string", "enum": list(self._known)}

    def _check(self, name: Any) -> Any:
        if not isinstance(name, str):
            raise refusal(f"expected the name of a {self._what} ({listed(self._known)}), got {described(name)}")
        if name not in self._known:
            raise refusal(f"unknown {self._what} '{name}'{suggestion(name, self._known)} (known: {listed(self._known)})")
        return name


def refusal(message: str) -> PydanticCustomError:
    """An error whose text is ready for people."""
    return PydanticCustomError("refused", "{message}", {"message": message})


def list_of(what: str) -> BeforeValidator:
    """Accept YAML's lists for a tuple; anything else is refused by the name of `what`."""

    def check(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise refusal(f"expected a list of {what} in square brackets, got {described(value)}")
        return tuple(value)

    return BeforeValidator(check)


def _flat_lists(value: Any) -> Any:
    """Dotted keys with their lists, whether a key is written `model.components` or as `model: {components: …}`."""
    if not isinstance(value, dict):
        raise refusal(f"expected dotted keys with lists, such as {{model.components: [1, 2, 3]}}, got {described(value)}")
    return {key: _checked_list(key, values) for key, values in flattened(value)}


def flattened(value: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested mappings with their dotted keys."""
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from flattened(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", inner


def _checked_list(key: str, values: Any) -> list[Any]:
    if key.partition(".")[0] in UNSWEPT:
        raise refusal(f"{key} cannot be swept: runs of a sweep are named by what differs between them")
    if not isinstance(values, list | tuple) or not values:
        raise refusal(f"{key}: expected a list of values in square brackets, got {described(values)}")
    return list(values)


Lists = Annotated[dict[str, list[Any]], BeforeValidator(_flat_lists)]
"""Dotted keys of a config, each with the values it takes."""


def name_or_position(value: Any) -> Any:
    """Accept a column's name or its position from 0, and nothing that YAML made of an unquoted word."""
    if type(value) not in (str, int):
        raise refusal(f"expected a column's name, got {described(value)}; put the name in quotes")
    return value


def by_tag(key: str, default: str | None) -> Callable[[Any], str | None]:
    """The function by which a union of sections finds its member: the value of `key`, or `default`."""

    def tag(value: Any) -> Any:
        if isinstance(value, dict):
            return value.get(key, default)
        return getattr(value, key, None)

    tag.__name__ = key
    return tag

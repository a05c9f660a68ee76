"""`Record`: frozen dataclasses of arrays that JAX takes apart as pytrees, and that need no JAX themselves."""

from abc import ABC
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, dataclass_transform

import numpy as np

from gmm_ppl.imports import when_imported
from gmm_ppl.namespace import choose

__all__ = ["Record", "always", "map_arrays", "select", "static"]


def static() -> Any:
    """A field that JAX compiles with, not an array that it traces; its value must be hashable."""
    return field(metadata={"static": True})


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field, static))
class Record(ABC):  # noqa: B024 (contracts that are records have abstract methods)
    """A frozen dataclass for every subclass; registered as a pytree as soon as somebody imports JAX.

    Nothing is checked where one is made, since JAX rebuilds pytrees around placeholders.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        dataclass(frozen=True, eq=False, repr=False)(cls)
        when_imported("jax", lambda jax: register(cls, jax.tree_util))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={shown(getattr(self, name))}' for name in names(type(self)))})"


def shown(value: object) -> str:
    """An array by its type and shape, anything else as it shows itself."""
    return f"{value.dtype}{list(value.shape)}" if isinstance(value, np.ndarray) and value.ndim else repr(value)


def names(cls: type) -> list[str]:
    """Names of all fields."""
    return [each.name for each in fields(cls)]  # pyright: ignore[reportArgumentType]


def register(cls: type, tree_util: Any) -> None:
    """Tell JAX how to take records of this class apart and put them together, without calling the constructor."""
    inner, outer = inner_and_outer(cls)
    keys = tuple(tree_util.GetAttrKey(name) for name in inner)

    def flatten(record: Any) -> tuple[tuple, tuple]:
        return tuple(getattr(record, name) for name in inner), tuple(getattr(record, name) for name in outer)

    def flatten_with_keys(record: Any) -> tuple[tuple, tuple]:
        children, rest = flatten(record)
        return tuple(zip(keys, children, strict=True)), rest

    def unflatten(rest: tuple, children: tuple) -> Any:
        return assembled(cls, {**dict(zip(inner, children, strict=True)), **dict(zip(outer, rest, strict=True))})

    tree_util.register_pytree_with_keys(cls, flatten_with_keys, unflatten, flatten)


def assembled(cls: type, values: Mapping[str, Any]) -> Any:
    """A record of these values, made without its constructor."""
    record = object.__new__(cls)
    record.__dict__.update(values)
    return record


@cache
def inner_and_outer(cls: type) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the fields that hold arrays, and of the static ones."""
    every = fields(cls)  # pyright: ignore[reportArgumentType]
    inner = tuple(each.name for each in every if not each.metadata.get("static"))
    return inner, tuple(each.name for each in every if each.metadata.get("static"))


def map_arrays(function: Callable[..., Any], first: Any, *others: Any) -> Any:
    """The same records, mappings and tuples with `function` of the arrays that stand in one place in all of them.

    What `jax.tree.map` does, where JAX is not imported. None stays None.
    """
    if isinstance(first, np.ndarray):  # the most frequent by far
        return function(first, *others)
    if first is None:
        return None
    if isinstance(first, Record):
        inner, outer = inner_and_outer(type(first))
        made = {name: map_arrays(function, *[getattr(record, name) for record in (first, *others)]) for name in inner}
        return assembled(type(first), made | {name: getattr(first, name) for name in outer})
    if isinstance(first, dict):
        return {name: map_arrays(function, *[each[name] for each in (first, *others)]) for name in first}
    if isinstance(first, tuple):
        return tuple(map_arrays(function, *each) for each in zip(first, *others, strict=True))
    return function(first, *others)


def always(condition: Any) -> bool:
    """Whether a condition holds everywhere, as far as that can be seen: never of one that JAX is tracing."""
    return isinstance(condition, np.ndarray | np.generic) and bool(condition.all())


def select(condition: Any, one: Any, other: Any) -> Any:
    """`one` where the condition holds, else `other`, array by array: a condition for each entry along their leading axes."""
    if always(condition):
        return one
    if always(~condition):
        return other
    return map_arrays(lambda a, b: choose(condition, a, b), one, other)

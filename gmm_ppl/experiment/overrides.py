"""`--set em.starts=5`: values from the command line laid over those of the file, before anything is validated."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.source import Entry, KeyPath, Source, dotted
from gmm_ppl.experiment.words import described
from gmm_ppl.experiment.yaml_file import read_value


def apply(source: Source, settings: Sequence[str]) -> Source:
    """A copy of `source` in which each `key.path=value` of `settings` has taken effect, in order; the last one wins.

    A missing section, or one set to null, is created; an item of a list is reached by its number, from 0.

    Raises:
        InputError: a setting is not `key=value`, its value is not YAML, or its path runs through a plain value.
    """
    merged = replace(
        source,
        values=deepcopy(source.values),
        entries=dict(source.entries),
        problems=[*source.problems],
        settings=(*source.settings, *settings),
    )
    for setting in settings:
        _apply_one(merged, setting)
    return merged


def _apply_one(source: Source, setting: str) -> None:
    key, equals, text = setting.partition("=")
    key = key.strip()
    if not equals or not all(key.split(".")):
        raise InputError(f"--set {setting}: expected key=value with a dotted key, such as --set em.starts=5")
    name = f"--set {key}"
    holder, path = _descend(source, key.split("."), name)
    _forget(source, path)
    read = Source(name)
    holder[path[-1]] = read_value(text, name, path, read)
    source.entries[path] = Entry(name, name, text.strip())
    source.entries.update(read.entries)
    source.problems.extend(read.problems)


def overlay(source: Source, key: str, value: Any, place: KeyPath) -> None:
    """Put `value` at a dotted key of `source`, in place; problems with it are said to be where `place` stands.

    Raises:
        InputError: the path runs through a plain value.
    """
    holder, path = _descend(source, key.split("."), key)
    _forget(source, path)
    holder[path[-1]] = deepcopy(value)
    if place in source.entries:
        moved = {(*path, *known[len(place) :]): entry for known, entry in source.entries.items() if known[: len(place)] == place}
        source.entries.update(moved)


def _descend(source: Source, parts: list[str], name: str) -> tuple[Any, KeyPath]:
    """The mapping or list that holds the last part of a path, and the path with list positions as numbers."""
    holder: Any = source.values
    path: KeyPath = ()
    for part in parts[:-1]:
        step = _step(holder, part, path, name)
        if isinstance(holder, dict) and holder.get(step) is None:
            holder[step] = {}
            source.entries[*path, step] = Entry(name, name)
        holder, path = holder[step], (*path, step)
    return holder, (*path, _step(holder, parts[-1], path, name))


def _step(holder: Any, part: str, path: KeyPath, name: str) -> str | int:
    if isinstance(holder, dict):
        return part
    if not isinstance(holder, list):
        raise InputError(f"{name}: {dotted(path)} is {described(holder)}, which has no keys; set {dotted(path)} as a whole")
    if not part.isdecimal() or int(part) >= len(holder):
        raise InputError(f"{name}: {dotted(path)} is a list; its items are numbered 0 to {len(holder) - 1}, got {part}")
    return int(part)


def _forget(source: Source, path: KeyPath) -> None:
    """Drop what the file said at and below `path`: its places no longer apply."""
    for known in [known for known in source.entries if known[: len(path)] == path]:
        del source.entries[known]

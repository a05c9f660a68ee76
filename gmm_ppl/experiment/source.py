"""YAML nodes as plain values that remember where they stand.

PyYAML's constructor forgets lines, lets a duplicate key win silently and reads `010` as 8. The nodes of `yaml.compose`
still know everything, so the values are built from those, with a place for every path and a problem for every trap.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from gmm_ppl.errors import InputError

type KeyPath = tuple[str | int, ...]

# Aliases of aliases grow exponentially; no honest experiment has this many entries.
MOST_ENTRIES = 100_000
PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq")}
AMBIGUOUS_NUMBER = re.compile(r"[-+]?0[0-9_]+|[-+]?[0-9_]+(:[0-9.]+)+")


@dataclass(frozen=True)
class Entry:
    """Where a key and its value stand, as `file:line:column`, and the value's characters where it is unquoted."""

    key: str
    value: str
    plain: str | None = None


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where, at which key."""

    place: str
    path: str
    message: str

    def __str__(self) -> str:
        """`file:line:column: path: message`."""
        return ": ".join(part for part in (self.place, self.path, self.message) if part)


@dataclass
class Source:
    """A config file's values, with the entry of every path, the problems found and the `--set`s laid over it."""

    name: str
    content: bytes = b""
    values: dict[str, Any] = field(default_factory=dict)
    entries: dict[KeyPath, Entry] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    settings: tuple[str, ...] = ()


def dotted(path: KeyPath) -> str:
    """`("data", "columns", 0)` as people write it: `data.columns[0]`."""
    words = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(words).removeprefix(".")


def build(node: yaml.Node, source: Source, place: Callable[[yaml.Node], str], path: KeyPath = ()) -> Any:
    """The value of a node; entries and problems go into `source`.

    Arguments:
        node: what `yaml.compose` returned.
        source: filled with an entry per path and the problems found.
        place: says where a node stands, as people read it.
        path: the node's own path.

    Raises:
        InputError: an anchor contains itself, or anchors expand without end.
    """
    return _Walk(source, place).value(node, path)


class _Walk:
    """Builds the values of one document, filling the source's entries and problems on the way."""

    def __init__(self, source: Source, place: Callable[[yaml.Node], str]):
        self._source = source
        self._place = place
        self._loader = yaml.SafeLoader("")
        self._open: set[int] = set()
        self._seen = 0

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self._count(node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._open:
            raise InputError(f"{self._place(node)}: {dotted(path)}: this anchor contains itself; write the value out")
        if node.tag not in PLAIN_TAGS:
            self._problem(node, path, f"the tag {node.tag} makes objects of a program, which a config cannot hold; remove it")
        self._open.add(id(node))
        built = self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._sequence(node, path)
        self._open.remove(id(node))
        return built

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        self._report_duplicates(node, path)
        self._loader.flatten_mapping(node)
        built = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            self._note(key_node, value_node, (*path, key))
            built[key] = self.value(value_node, (*path, key))
        return built

    def _sequence(self, node: yaml.Node, path: KeyPath) -> list[Any]:
        built = []
        for index, item in enumerate(node.value):
            self._note(item, item, (*path, index))
            built.append(self.value(item, (*path, index)))
        return built

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> Any:
        try:
            built = self._loader.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            reason = getattr(error, "problem", None) or error
            self._problem(node, path, f"YAML cannot read {node.value!r}: {reason}")
            return node.value
        if isinstance(built, int | float) and node.style is None and AMBIGUOUS_NUMBER.fullmatch(node.value):
            self._problem(node, path, f"YAML reads {node.value} as {built}; write the number you mean in plain digits")
        return built

    def _key(self, node: yaml.Node, path: KeyPath) -> str:
        # Keys are words even where YAML would read a number or, as for `no`, a boolean.
        if isinstance(node, yaml.ScalarNode):
            return node.value
        self._problem(node, path, "expected a word as key, got a list or a mapping")
        return str(node.tag)

    def _report_duplicates(self, node: yaml.MappingNode, path: KeyPath) -> None:
        first: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            line = key.start_mark.line + 1
            if key.value in first:
                both = f"on line {line}" if line == first[key.value] else f"on lines {first[key.value]} and {line}"
                self._problem(key, (*path, key.value), f"the key is there twice, {both}; keep one of them")
            first.setdefault(key.value, line)

    def _note(self, key: yaml.Node, value: yaml.Node, path: KeyPath) -> None:
        plain = value.value if isinstance(value, yaml.ScalarNode) and value.style is None else None
        self._source.entries[path] = Entry(self._place(key), self._place(value), plain)

    def _problem(self, node: yaml.Node, path: KeyPath, message: str) -> None:
        self._source.problems.append(Problem(self._place(node), dotted(path), message))

    def _count(self, node: yaml.Node) -> None:
        self._seen += 1
        if self._seen > MOST_ENTRIES:
            raise InputError(f"{self._place(node)}: anchors expand to over {MOST_ENTRIES} entries; write the values out")

"""Config files and `--set` values as a `Source`, with every way they can fail to be YAML said in plain words."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from gmm_ppl.data.wording import nearest
from gmm_ppl.errors import InputError
from gmm_ppl.experiment.source import KeyPath, Source, build

PLAIN_WORDS = {
    "'\\t'": "a tab where YAML wants spaces; replace it by spaces",
    "mapping values are not allowed": "a second `: ` on one line; put each key on its own line, or quote the value",
    "flow sequence": "a list is not closed by `]`, or lacks a comma",
    "flow mapping": "a mapping is not closed by `}`, or lacks a comma",
    "flow node": "a bracket is not closed, or a comma is followed by nothing",
    "quoted scalar": "a quoted text is not closed",
    "could not find expected ':'": "a line that is no `key: value`",
    "expected <block end>": "the indentation does not fit the lines above",
    "expected a single document": "a second document begins here; keep one config in a file",
}
"""What PyYAML says, by a part of it, in words that need no grammar of YAML."""


def read(path: Path) -> Source:
    """Read a config file.

    Raises:
        InputError: the file is missing, unreadable, empty, not UTF-8, not YAML, or not a mapping at the top.
    """
    content = _bytes(path)
    source = Source(str(path), content)
    text = _text(content, source.name)
    with _plain_words(source.name):
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        raise InputError(f"{path}: the file is empty or holds only comments; a config needs at least name, data and model")
    if not isinstance(node, yaml.MappingNode):
        place = _place(source.name, node.start_mark)
        raise InputError(f"{place}: expected keys such as `name: …` at the top of the file, got {_shape(node)}")
    with _plain_words(source.name):
        source.values = build(node, source, lambda node: _place(source.name, node.start_mark))
    return source


def read_value(text: str, name: str, path: KeyPath, source: Source) -> object:
    """One value as YAML reads it, for the command line; entries and problems go into `source` under `name`.

    Raises:
        InputError: `text` is not YAML.
    """
    with _plain_words(name):
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return None if node is None else build(node, source, lambda _: name, path)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file{_neighbour(path)}") from None
    except OSError as error:
        reason = "it is a directory, not a config file" if path.is_dir() else error.strerror
        raise InputError(f"{path}: the file cannot be read: {reason}") from None


def _neighbour(path: Path) -> str:
    siblings = [other.name for other in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
    close = nearest(path.name, siblings)
    return f"; did you mean '{path.with_name(close)}'?" if close else ""


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}:{line}: the file is not UTF-8 text; save it as UTF-8") from None


@contextmanager
def _plain_words(name: str) -> Iterator[None]:
    """Turn what PyYAML raises into an `InputError` that says where and what."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = _place(name, mark) if mark else name
        raise InputError(f"{place}: not valid YAML: {_reason(error)}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{name}: not valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise InputError(f"{name}: not valid YAML: brackets or anchors are nested too deeply") from None


def _reason(error: yaml.MarkedYAMLError) -> str:
    problem = " ".join(part for part in (error.context, error.problem) if part)
    plain = next((words for pattern, words in PLAIN_WORDS.items() if pattern in problem), problem)
    since = error.context_mark
    return f"{plain} (it begins on line {since.line + 1})" if since and "is not closed" in plain else plain


def _shape(node: yaml.Node) -> str:
    return "a list" if isinstance(node, yaml.SequenceNode) else f"only the text {node.value!r}"


def _place(name: str, mark: yaml.Mark) -> str:
    return f"{name}:{mark.line + 1}:{mark.column + 1}"

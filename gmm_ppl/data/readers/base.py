"""What a file format is: the suffixes it goes by and a function from a path to columns."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gmm_ppl.data.columns import Columns


@dataclass(frozen=True)
class Reader:
    """A file format.

    `read` is called with the path of an existing file and answers with all its columns, whose `source` is the name of
    the file and `origin` the path as given; it raises `InputError` where the file does not follow the format.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Path], Columns]

"""What a kind of object is: a test whether an object is of it, and a function from such an object to columns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gmm_ppl.data.columns import Columns


@dataclass(frozen=True)
class Source:
    """A kind of object in memory.

    `recognises` is cheap and imports nothing heavy; `read` answers with all columns and raises `InputError` where the
    object's form does not allow any.
    """

    name: str
    recognises: Callable[[Any], bool]
    read: Callable[[Any], Columns]

"""What a run's report is written as, and by what: known without reading any config."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

FORMATS = ("html", "md")

type Render = Callable[[Path, "xr.DataTree", tuple[str, ...]], object]
"""Writes a report of a result into a directory, in the formats asked for."""

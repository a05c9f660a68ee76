"""netCDF: version 4 through h5netcdf, the classic format (version 3) through SciPy."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gmm_ppl.data.columns import Columns
from gmm_ppl.data.readers.base import Reader
from gmm_ppl.data.sources.variables import Variable, columns_of
from gmm_ppl.data.wording import LISTED_NAMES, shortened
from gmm_ppl.errors import InputError

CLASSIC = b"CDF"


@dataclass(frozen=True, eq=False)
class Stored:
    """A variable as it lies in the file, and its attributes."""

    variable: Variable
    attributes: Mapping[str, Any]


def read(path: Path) -> Columns:
    """The variables in the root of the file as columns.

    Fill values become missing cells and `scale_factor` and `add_offset` are applied. A variable in units such as "days
    since 2000-01-01" holds dates, which are left in those units. Coordinates give features their names and are no
    columns.
    """
    with path.open("rb") as file:
        classic = file.read(len(CLASSIC)) == CLASSIC
    stored = _classic(path) if classic else _hdf5(path)
    listed = " ".join(_text(each.attributes.get("coordinates", "")) for each in stored).split()
    variables = [_decoded(each) for each in stored]
    coordinates = {variable.name: variable.cells for variable in variables if variable.dims == (variable.name,)}
    columns = [variable for variable in variables if variable.name not in {*coordinates, *listed}]
    return columns_of(columns, coordinates, source=path.name, origin=str(path))


def _hdf5(path: Path) -> list[Stored]:
    import h5netcdf

    try:
        file = h5netcdf.File(path, "r", phony_dims="sort")
    except OSError as error:
        raise InputError(f"{path} cannot be read as netCDF ({error}): write it again, or save it as CSV.") from error
    with file:
        if not file.variables and file.groups:
            groups = list(file.groups)
            raise InputError(
                f"All variables of {path} are in groups ({shortened(groups, LISTED_NAMES)}): pass one of them, for "
                f"instance xarray.open_dataset('{path}', group='{groups[0]}')."
            )
        return [
            Stored(Variable(name, variable.dimensions, variable[...]), dict(variable.attrs))
            for name, variable in file.variables.items()
        ]


def _classic(path: Path) -> list[Stored]:
    from scipy.io import netcdf_file

    try:
        file = netcdf_file(path, mmap=False)
    except (OSError, ValueError, TypeError, IndexError) as error:
        raise InputError(f"{path} cannot be read as netCDF ({error}): write it again, or save it as CSV.") from error
    with file:
        return [
            Stored(Variable(name, variable.dimensions, variable.data), vars(variable)["_attributes"])
            for name, variable in file.variables.items()
        ]


def _decoded(stored: Stored) -> Variable:
    """The values that the stored ones stand for, by the conventions of netCDF."""
    name, dims, cells = stored.variable.name, stored.variable.dims, stored.variable.cells
    if cells.dtype.str.endswith("S1") and cells.ndim == 2:  # text of the classic format: the last dimension holds the letters
        joined = np.ascontiguousarray(cells).view(f"S{cells.shape[1]}")[:, 0]
        return Variable(name, dims[:1], np.char.decode(joined, "utf-8", "replace"))
    if cells.dtype.kind == "O":
        return Variable(name, dims, np.array([_text(cell) for cell in cells.ravel()], dtype=str).reshape(cells.shape))
    units = _text(stored.attributes.get("units", ""))
    if " since " in units:
        times = np.array([f"{cell} {units}" for cell in cells.ravel()], dtype=str)
        return Variable(name, dims, times.reshape(cells.shape), dates=True)
    return Variable(name, dims, _scaled(cells, stored.attributes))


def _scaled(cells: np.ndarray, attributes: Mapping[str, Any]) -> np.ndarray:
    fills = [attributes[key] for key in ("_FillValue", "missing_value") if key in attributes]
    masked = np.ma.masked_array(cells, np.isin(cells, fills)) if fills else cells
    if "scale_factor" not in attributes and "add_offset" not in attributes:
        return masked
    return masked * float(attributes.get("scale_factor", 1)) + float(attributes.get("add_offset", 0))


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


NETCDF = Reader("netCDF", (".nc", ".nc4"), read)

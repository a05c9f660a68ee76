"""Named variables with named dimensions, as xarray and netCDF have them, made into columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gmm_ppl.data.columns import Column, Columns, Kind, column_from_array, columns_from_matrix
from gmm_ppl.data.sources.arrays import shape_message
from gmm_ppl.data.wording import at_start
from gmm_ppl.errors import InputError

FEATURE = "feature"


@dataclass(frozen=True, eq=False)
class Variable:
    """An array and the names of its dimensions; `cells` may be masked, and are text where they are `dates`."""

    name: str
    dims: tuple[str, ...]
    cells: np.ndarray
    dates: bool = False


def columns_of(variables: Sequence[Variable], coordinates: Mapping[str, np.ndarray], *, source: str, origin: str) -> Columns:
    """The columns of the variables along one common dimension, or of a single variable (rows, features).

    Variables without a dimension are left out. Of a single variable the dimension called "feature" holds the features,
    or else the second one; where its coordinate is text, that gives them their names.

    Raises:
        InputError: no variable, or variables along different dimensions.
    """
    arrays = [variable for variable in variables if variable.cells.ndim]
    if not arrays:
        raise InputError(f"{at_start(origin)} has no variable with rows: give one along a dimension.")
    if len(arrays) == 1 and arrays[0].cells.ndim != 1:
        return _matrix(arrays[0], coordinates, source=source, origin=origin)
    if len({variable.dims for variable in arrays}) > 1 or arrays[0].cells.ndim != 1:
        shapes = ", ".join(f"{variable.name} ({', '.join(variable.dims)})" for variable in arrays)
        raise InputError(
            f"The variables of {origin} lie along different dimensions: {shapes}. Pass those along one dimension, or "
            "a single one of two dimensions, for instance with xarray.open_dataset(path)[[names]]."
        )
    columns = tuple(_column(variable) for variable in arrays)
    return Columns(columns, len(arrays[0].cells), source, origin)


def _column(variable: Variable) -> Column:
    if variable.dates:
        return Column(variable.name, variable.cells, Kind.DATE)
    return column_from_array(variable.name, variable.cells)


def _matrix(variable: Variable, coordinates: Mapping[str, np.ndarray], *, source: str, origin: str) -> Columns:
    if variable.cells.ndim != 2:
        raise InputError(shape_message(variable.cells.shape, f"the variable '{variable.name}' of {origin}"))
    cells, dims = variable.cells, variable.dims
    if dims[0] == FEATURE:
        cells, dims = cells.T, dims[::-1]
    names = coordinates.get(dims[1], np.empty(0))
    is_text = names.dtype.kind in "UT" or (len(names) > 0 and all(isinstance(name, str) for name in names))
    labels = [str(name) for name in names] if is_text else None
    return columns_from_matrix(cells, labels, source=source, origin=origin)

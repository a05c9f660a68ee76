"""xarray's DataArray, Dataset and DataTree node, known by their methods: xarray itself is not needed here."""

from typing import Any

import numpy as np

from gmm_ppl.data.columns import Columns
from gmm_ppl.data.sources.base import Source
from gmm_ppl.data.sources.variables import Variable, columns_of


def recognises(data: Any) -> bool:
    """True for an object of xarray's."""
    return type(data).__module__.partition(".")[0] == "xarray" and hasattr(data, "coords")


def read(data: Any) -> Columns:
    """The data variables as columns; coordinates only give features their names."""
    kind = type(data).__name__
    arrays = data.data_vars.values() if hasattr(data, "data_vars") else [data.rename(data.name or "x0")]
    variables = [Variable(str(array.name), tuple(map(str, array.dims)), np.asarray(array.values)) for array in arrays]
    coordinates = {str(name): np.asarray(values) for name, values in data.coords.items() if name in data.dims}
    return columns_of(variables, coordinates, source=kind, origin=f"the {kind}")


LABELLED = Source("xarray object", recognises, read)

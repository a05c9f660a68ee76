"""NumPy's file of one array."""

from pathlib import Path

import numpy as np

from gmm_ppl.data.columns import Columns
from gmm_ppl.data.readers.base import Reader
from gmm_ppl.data.sources import arrays
from gmm_ppl.errors import InputError


def read(path: Path) -> Columns:
    """The columns of the array in the file: of one feature, of (rows, features), or with named fields."""
    try:
        with path.open("rb") as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise InputError(
            f"{path} cannot be read as a NumPy array ({error}): write numbers, not Python objects, with numpy.save."
        ) from error
    return arrays.columns_of(array, source=path.name, origin=str(path))


NPY = Reader("NumPy array", (".npy",), read)

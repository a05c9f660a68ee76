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
        array = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise InputError(
            f"{path} cannot be read as a NumPy array ({error}): write numbers to it with numpy.save."
        ) from error
    return arrays.columns_of(array, source=path.name, origin=str(path))


NPY = Reader("NumPy array", (".npy",), read)

"""NumPy's archive of named arrays: one column an array, or one array of (rows, features)."""

import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from gmm_ppl.data.columns import Columns
from gmm_ppl.data.readers.base import Reader
from gmm_ppl.data.sources import mappings
from gmm_ppl.errors import InputError


def read(path: Path) -> Columns:
    """The columns of the arrays in the file, under their names."""
    try:
        with path.open("rb") as file, np.lib.npyio.NpzFile(file, allow_pickle=False) as archive:
            arrays = {name: np.asarray(archive[name]) for name in archive.files}
    except (ValueError, EOFError, BadZipFile, zlib.error) as error:
        raise InputError(
            f"{path} cannot be read as an archive of NumPy arrays ({error}): write numbers, not Python objects, with numpy.savez."
        ) from error
    return mappings.columns_of(arrays, source=path.name, origin=str(path))


NPZ = Reader("NumPy archive", (".npz",), read)

"""The file formats that can be read, and the door through which every path comes.

A further format is one module with a `Reader` and its name in `READERS`; suffixes, messages and tests follow from there.
"""

import os
from pathlib import Path

from gmm_ppl.data.columns import Columns
from gmm_ppl.data.readers.base import Reader
from gmm_ppl.data.readers.delimited import CSV, TSV
from gmm_ppl.data.readers.netcdf import NETCDF
from gmm_ppl.data.readers.npy import NPY
from gmm_ppl.data.readers.npz import NPZ
from gmm_ppl.data.readers.parquet import PARQUET
from gmm_ppl.data.wording import joined, nearest
from gmm_ppl.errors import InputError

READERS: tuple[Reader, ...] = (CSV, TSV, NPY, NPZ, NETCDF, PARQUET)

_BUNDLED = Path(__file__).parent.parent / "datasets"


def suffixes() -> tuple[str, ...]:
    """The suffixes of the files that can be read."""
    return tuple(suffix for reader in READERS for suffix in reader.suffixes)


def read_file(path: str | os.PathLike[str]) -> Columns:
    """All columns of a file, its format told by its suffix.

    Raises:
        InputError: an address, no such file, a directory, an unknown suffix, or a file that does not follow its format.
    """
    if "://" in str(path):
        raise InputError(f"'{path}' is an address: download the file and give its path.")
    path = Path(path).expanduser()
    try:
        _check_file(path)
        return _reader(path).read(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _check_file(path: Path) -> None:
    if path.is_dir():
        inside = sorted(entry.name for entry in path.iterdir() if entry.suffix.lower() in suffixes())
        example = f"a file in it, for instance '{path / inside[0]}'" if inside else "a file"
        raise InputError(f"'{path}' is a directory: give {example}.")
    if not path.exists():
        raise InputError(f"No file '{path}'{_missing_advice(path)}")


def _missing_advice(path: Path) -> str:
    if (_BUNDLED / f"{path}.csv").is_file():
        return f"; the bundled data set of that name is datasets.load('{path}')."
    if not path.parent.is_dir():
        return f": there is no directory '{path.parent}'."
    near = nearest(path.name, sorted(entry.name for entry in path.parent.iterdir()), cutoff=0.75)
    if near is not None:
        return f"; did you mean '{path.with_name(near)}'?"
    return f": nothing in '{path.parent.resolve()}' has a name like it."


def _reader(path: Path) -> Reader:
    for reader in READERS:
        if path.suffix.lower() in reader.suffixes:
            return reader
    known = joined(suffixes()).replace(" and ", " or ")
    if not path.suffix:
        raise InputError(f"'{path}' has no suffix to tell its format by: save the table as {known}.")
    raise InputError(f"Files of type '{path.suffix}' cannot be read ('{path}'): save the table as {known}.")

"""The file formats that can be read, and the door through which every path comes."""

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
        InputError: no such file, a directory, an unknown suffix, or a file that does not follow its format.
    """
    path = Path(path).expanduser()
    try:
        _check_file(path)
        return _reader(path).read(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _check_file(path: Path) -> None:
    if path.is_dir():
        inside = sorted(entry.name for entry in path.iterdir() if entry.suffix.lower() in suffixes())
        example = f", for instance '{path / inside[0]}'" if inside else ""
        raise InputError(f"'{path}' is a directory: give a file{example}.")
    if not path.exists():
        raise InputError(f"No file '{path}'{_missing_advice(path)}")


def _missing_advice(path: Path) -> str:
    if (_BUNDLED / f"{path}.csv").is_file():
        return f"; the bundled data set of that name is datasets.load('{path}')."
    if not path.parent.is_dir():
        return f": there is no directory '{path.parent}'."
    near = nearest(path.name, sorted(entry.name for entry in path.parent.iterdir()))
    return f" in '{path.parent.resolve()}'." if near is None else f"; did you mean '{path.with_name(near)}'?"


def _reader(path: Path) -> Reader:
    for reader in READERS:
        if path.suffix.lower() in reader.suffixes:
            return reader
    known = joined(suffixes()).replace(" and ", " or ")
    suffix = f"the suffix '{path.suffix}'" if path.suffix else "no suffix"
    raise InputError(f"'{path}' has {suffix}, which says nothing of its format: save the table as one of {known}.")

"""Tables to files, some rows at a time: CSV, Parquet, netCDF; a file appears once it is whole.

To add a format, write a generator function that takes a path, is sent frames and closes the file at the end, and name its
suffix in `WRITERS`.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.words import listed
from gmm_ppl.files import replaced

if TYPE_CHECKING:
    import pandas as pd

type Frames = Iterable["pd.DataFrame"]


def write_frames(frames: Frames, out: Path | None) -> None:
    """Write frames one after another, as one table with one heading: to a file by its suffix, or as CSV to the standard output.

    Raises:
        InputError: an unknown suffix, a directory that is not there, or a library that is missing.
    """
    if out is None:
        _csv(frames, sys.stdout)
        return
    with replaced(out) as partial:
        WRITERS[out.suffix](frames, partial)


def check_writable(out: Path | None) -> None:
    """Refuse a file that could not be written, before any work.

    Raises:
        InputError: an unknown suffix, or a directory that is not there.
    """
    if out is None:
        return
    if out.suffix not in WRITERS:
        raise InputError(f"--out {out}: expected a name that ends in {listed(WRITERS)}, got '{out.suffix or out.name}'")
    if not out.absolute().parent.is_dir():
        raise InputError(f"--out {out}: there is no directory {out.parent}; make it first")


def _csv(frames: Frames, stream: TextIO) -> None:
    for at, frame in enumerate(frames):
        frame.to_csv(stream, header=at == 0, index=False)


def _csv_file(frames: Frames, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        _csv(frames, stream)


def _parquet(frames: Frames, path: Path) -> None:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise InputError("a Parquet file needs pyarrow: install it with pip install 'gmm_ppl[parquet]', or write CSV.") from None
    writer = None
    try:
        for frame in frames:
            table = pyarrow.Table.from_pandas(frame, preserve_index=False)
            writer = writer or parquet.ParquetWriter(path, table.schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _netcdf(frames: Frames, path: Path) -> None:
    import pandas as pd

    from gmm_ppl.results.store import ENGINE

    whole = pd.concat(frames, ignore_index=True).rename_axis("obs")
    whole.to_xarray().to_netcdf(path, engine=ENGINE)


WRITERS: Mapping[str, Callable[[Frames, Path], None]] = {".csv": _csv_file, ".parquet": _parquet, ".nc": _netcdf}

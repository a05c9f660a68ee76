"""Parquet, through pyarrow, which is an extra."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from gmm_ppl.data.columns import Columns
from gmm_ppl.data.readers.base import Reader
from gmm_ppl.data.sources import frames
from gmm_ppl.errors import InputError

if TYPE_CHECKING:
    import pyarrow


def read(path: Path) -> Columns:
    """The columns of the file, without what pandas wrote of its index: the index of a DataFrame is left out too."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise InputError(
            f"{path} is a Parquet file, which needs pyarrow: install it with pip install 'gmm_ppl[parquet]'."
        ) from error
    try:
        table = parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read as Parquet ({error}): write it again, or save it as CSV.") from error
    return frames.columns_of(_without_index(table), source=path.name, origin=str(path))


def _without_index(table: "pyarrow.Table") -> "pyarrow.Table":
    written = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}"))
    index = [name for name in written.get("index_columns", []) if isinstance(name, str)]
    return table.drop_columns([name for name in index if name in table.column_names])


PARQUET = Reader("Parquet", (".parquet",), read)

"""Binary files, and the same numbers back from every format."""

import csv
import sys
from collections.abc import Callable
from pathlib import Path

import h5netcdf
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyarrow import parquet
from scipy.io import netcdf_file

from gmm_ppl.data import as_table
from gmm_ppl.data.readers.registry import READERS, read_file
from gmm_ppl.errors import InputError

X = np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 9.0]])
LABELS = ["x", "yy", "zß"]


def write_text(path: Path, x: np.ndarray, delimiter: str) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, delimiter=delimiter)
        rows.writerow([f"x{i}" for i in range(x.shape[1])])
        rows.writerows([[repr(value) for value in row] for row in x.tolist()])


def write_netcdf(path: Path, x: np.ndarray) -> None:
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {"obs": len(x)}
        for i, column in enumerate(x.T):
            file.create_variable(f"x{i}", ("obs",), data=column)


def write_classic(path: Path, x: np.ndarray) -> None:
    with netcdf_file(path, "w", version=2) as file:
        file.createDimension("obs", len(x))
        for i, column in enumerate(x.T):
            file.createVariable(f"x{i}", ">f8", ("obs",))[:] = column


def write_npz(path: Path, x: np.ndarray) -> None:
    np.savez(path, **{f"x{i}": column for i, column in enumerate(x.T)})


def write_parquet(path: Path, x: np.ndarray) -> None:
    parquet.write_table(pa.table({f"x{i}": column for i, column in enumerate(x.T)}), path)


WRITERS: dict[str, tuple[str, Callable[[Path, np.ndarray], None]]] = {
    "CSV": (".csv", lambda path, x: write_text(path, x, ",")),
    "TSV": (".tsv", lambda path, x: write_text(path, x, "\t")),
    "npy": (".npy", np.save),
    "npz": (".npz", write_npz),
    "npz of one array": (".npz", lambda path, x: np.savez(path, x)),
    "netCDF": (".nc", write_netcdf),
    "netCDF, classic": (".nc", write_classic),
    "Parquet": (".parquet", write_parquet),
}
ANY_FLOATS = arrays(
    np.float64,
    st.tuples(st.integers(1, 6), st.integers(1, 3)),
    elements=st.floats(allow_nan=False, width=64),
)


def test_every_format_has_a_writer_here():
    assert {suffix for suffix, _ in WRITERS.values()} | {".nc4"} == {suffix for reader in READERS for suffix in reader.suffixes}


@pytest.mark.parametrize("form", WRITERS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(x=ANY_FLOATS)
def test_values_come_back_bit_for_bit(tmp_path, form, x):
    suffix, write = WRITERS[form]
    path = tmp_path / f"data{suffix}"
    write(path, x)
    found = read_file(path)
    assert found.names == tuple(f"x{i}" for i in range(x.shape[1]))
    again = np.column_stack([column.cells for column in found.columns]).astype(np.float64)
    np.testing.assert_array_equal(again.view(np.uint64), np.ascontiguousarray(x).view(np.uint64))


@pytest.mark.parametrize("form", WRITERS)
def test_tables_of_every_format_are_the_same(tmp_path, form):
    suffix, write = WRITERS[form]
    path = tmp_path / f"data{suffix}"
    write(path, X)
    table = as_table(path)
    np.testing.assert_array_equal(table.values, X)
    assert (table.features, table.source) == (("x0", "x1"), f"data{suffix}")
    assert as_table(path, columns=["x1"]).features == ("x1",)


@pytest.mark.parametrize("form", WRITERS)
def test_missing_values_of_every_format(tmp_path, form):
    suffix, write = WRITERS[form]
    path = tmp_path / f"data{suffix}"
    x = X.copy()
    x[1, 0] = np.nan
    write(path, x)
    line = " (line 3 of the file)" if form in ("CSV", "TSV") else ""
    with pytest.raises(InputError) as caught:
        as_table(path)
    assert str(caught.value) == (
        f"Column 'x0' of {path} is missing or NaN in 1 of 3 rows: row 1, counting from 0{line}. Remove the rows without "
        "a value or fill them in, or choose other columns with `columns`."
    )


def test_npy_of_one_feature_and_of_fields(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, X[:, 1])
    np.testing.assert_array_equal(as_table(path).values, X[:, 1:])
    np.save(path, np.array([(1, "a"), (2, "b")], dtype=[("u", "i4"), ("kind", "U1")]))
    assert as_table(path).labels["kind"].tolist() == ["a", "b"]


def test_npz_with_labels(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, a=X[:, 0], kind=np.array(LABELS), b=X[:, 1])
    table = as_table(path)
    assert table.features == ("a", "b")
    assert table.labels["kind"].tolist() == LABELS


def test_parquet_without_the_index_of_pandas(tmp_path):
    path = tmp_path / "x.parquet"
    frame = pa.table({"a": X[:, 0], "kind": LABELS, "b": X[:, 1]}).to_pandas()
    for indexed in (frame, frame.assign(id=[7, 8, 9]).set_index("id")):
        indexed.iloc[[0, 2]].to_parquet(path)
        table = as_table(path)
        assert table.features == ("a", "b")
        assert table.labels["kind"].tolist() == ["x", "zß"]


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    path = tmp_path / "x.parquet"
    write_parquet(path, X)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError) as caught:
        as_table(path)
    assert str(caught.value) == (
        f"{path} is a Parquet file, which needs pyarrow: install it with pip install 'gmm_ppl[parquet]'."
    )


BROKEN = {
    "x.npy": "{} cannot be read as a NumPy array (",
    "x.npz": "{} cannot be read as an archive of NumPy arrays (File is not a zip file): write numbers, not Python",
    "x.nc": "{} cannot be read as netCDF (",
    "x.parquet": "{} cannot be read as Parquet (",
}


@pytest.mark.parametrize("content", [b"", b"junk", b"CDF\x01junk", b"\x93NUMPY\x01\x00v\x00junk"])
@pytest.mark.parametrize(("name", "message"), BROKEN.items(), ids=BROKEN.keys())
def test_broken_files(tmp_path, name, message, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        as_table(path)
    assert str(caught.value).startswith(message.format(path))


@pytest.mark.parametrize("form", ["npy", "npz", "netCDF", "netCDF, classic", "Parquet"])
def test_cut_off_files(tmp_path, form):
    suffix, write = WRITERS[form]
    path = tmp_path / f"data{suffix}"
    write(path, np.random.default_rng(0).normal(size=(200, 2)))
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(InputError, match="cannot be read as"):
        as_table(path)


def test_arrays_of_objects_are_not_unpickled(tmp_path):
    np.save(tmp_path / "x.npy", np.array([1, None], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="write numbers, not Python objects, with numpy"):
        as_table(tmp_path / "x.npy")

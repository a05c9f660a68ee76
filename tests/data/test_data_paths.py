"""Paths that lead nowhere, or to something that cannot be read."""

from pathlib import Path

import pytest

from gmm_ppl.data import as_table
from gmm_ppl.data.readers.registry import READERS
from gmm_ppl.errors import InputError

SUFFIXES = ".csv, .tsv, .npy, .npz, .nc, .nc4 or .parquet"

REFUSED = {
    "near a file": ("data/fathful.csv", "No file 'data/fathful.csv'; did you mean 'data/faithful.csv'?"),
    "no such directory": ("dta/faithful.csv", "No file 'dta/faithful.csv': there is no directory 'dta'."),
    "a data set's name": (
        "iris",
        "No file 'iris'; the bundled data set of that name is datasets.load('iris').",
    ),
    "a directory": (
        "data",
        "'data' is a directory: give a file in it, for instance 'data/faithful.csv'.",
    ),
    "a directory without tables": ("empty", "'empty' is a directory: give a file."),
    "another format": (
        "data/book.XLSX",
        f"Files of type '.XLSX' cannot be read ('data/book.XLSX'): save the table as {SUFFIXES}.",
    ),
    "no suffix": (
        "data/README",
        f"'data/README' has no suffix to tell its format by: save the table as {SUFFIXES}.",
    ),
    "an address": (
        "https://example.org/data.csv",
        "'https://example.org/data.csv' is an address: download the file and give its path.",
    ),
}


@pytest.fixture(autouse=True)
def _in_a_directory_with_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    Path("empty").mkdir()
    for name in ("faithful.csv", "book.XLSX", "README"):
        Path("data", name).write_text("a,b\n1,2\n3,5\n", encoding="utf-8")


@pytest.mark.parametrize(("path", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_paths(path, message):
    with pytest.raises(InputError) as caught:
        as_table(path)
    assert str(caught.value) == message


def test_a_file_like_no_other(tmp_path):
    with pytest.raises(InputError) as caught:
        as_table(Path("zzz.npy"))
    assert str(caught.value) == f"No file 'zzz.npy': nothing in '{tmp_path}' has a name like it."


def test_a_path_from_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert as_table("~/data/faithful.csv").source == "faithful.csv"


def test_a_file_that_may_not_be_opened(monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError) as caught:
        as_table("data/faithful.csv")
    assert str(caught.value) == "data/faithful.csv cannot be read: Permission denied."


def test_suffixes_are_told_apart():
    suffixes = [suffix for reader in READERS for suffix in reader.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes)

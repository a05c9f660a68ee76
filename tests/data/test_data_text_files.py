"""Delimited text that can be read, read rightly."""

from pathlib import Path

import numpy as np
import pytest

from gmm_ppl.data import as_table

PLAIN = "a,b\n1,2\n3,5\n4,9\n"
VALUES = [[1.0, 2.0], [3.0, 5.0], [4.0, 9.0]]

SAME_TABLE = {
    "plain": PLAIN,
    "no line end at the end": PLAIN[:-1],
    "byte-order mark": "\ufeff" + PLAIN,
    "Windows line ends": PLAIN.replace("\n", "\r\n"),
    "old Macintosh line ends": PLAIN.replace("\n", "\r"),
    "blank lines at the end": PLAIN + "\n\n  \n",
    "blank lines between": "\n" + PLAIN.replace("\n", "\n\n"),
    "spaces after commas": PLAIN.replace(",", ", "),
    "spaces around": PLAIN.replace(",", "  ,  ").replace("1", " 1"),
    "quoted names": PLAIN.replace("a,b", '"a","b"'),
    "quoted and spaced names": PLAIN.replace("a,b", '"a" , "b"'),
    "everything quoted": "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in PLAIN.splitlines()),
    "signs and exponents": "a,b\n+1,2e0\n0.3E1,5.\n4,.9e1\n",
}


def write(directory: Path, text: str, name: str = "data.csv") -> Path:
    path = directory / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("text", SAME_TABLE.values(), ids=SAME_TABLE.keys())
def test_the_same_table_however_it_is_written(tmp_path, text):
    table = as_table(write(tmp_path, text))
    assert table.features == ("a", "b")
    np.testing.assert_array_equal(table.values, VALUES)
    assert table.source == "data.csv"


def test_tab_separated(tmp_path):
    path = write(tmp_path, "a\tthe label\tb\n1\tx, y\t2\n3\tz\t5\n", "data.tsv")
    table = as_table(path)
    np.testing.assert_array_equal(table.values, VALUES[:2])
    assert table.labels["the label"].tolist() == ["x, y", "z"]


def test_the_suffix_may_be_in_capitals_and_the_path_a_string(tmp_path):
    assert as_table(str(write(tmp_path, PLAIN, "DATA.CSV"))).source == "DATA.CSV"


def test_columns_of_text_become_labels(tmp_path):
    text = 'a,species,b\n1," setosa ",2\n3,"a ""b"", c",5\n4,NA,9\n'
    table = as_table(write(tmp_path, text))
    assert table.features == ("a", "b")
    assert table.labels["species"].tolist() == ["setosa", 'a "b", c', "NA"]


def test_columns_that_are_not_asked_for_become_labels_as_they_are_written(tmp_path):
    text = "id,a,mixed,b,gap\n007,1,007,2,\n8,3,x,5,6\n9,4,,9,7.5\n"
    table = as_table(write(tmp_path, text), columns=["b", "a"])
    assert table.features == ("b", "a")
    np.testing.assert_array_equal(table.values, np.array(VALUES)[:, ::-1])
    assert list(table.labels) == ["id", "mixed", "gap"]
    assert table.labels["mixed"].tolist() == ["007", "x", ""]
    np.testing.assert_array_equal(table.labels["id"], [7.0, 8.0, 9.0])
    np.testing.assert_array_equal(table.labels["gap"], [np.nan, 6.0, 7.5])


def test_a_column_without_a_name_is_left_out_where_others_are_asked_for(tmp_path):
    table = as_table(write(tmp_path, "a,,b\n1,0,2\n3,1,5\n4,2,9\n"), columns=["a", "b"])
    np.testing.assert_array_equal(table.values, VALUES)
    assert table.labels == {}


def test_numbers_as_names_are_names_where_they_are_asked_for(tmp_path):
    table = as_table(write(tmp_path, "2019,2020\n1,2\n3,5\n4,9\n"), columns=["2019", "2020"])
    np.testing.assert_array_equal(table.values, VALUES)


def test_one_column_with_a_space_in_its_name(tmp_path):
    table = as_table(write(tmp_path, "waiting time\n79\n54\n74\n"))
    assert table.features == ("waiting time",)
    np.testing.assert_array_equal(table.values, [[79.0], [54.0], [74.0]])


def test_duplicate_rows_are_fine(tmp_path):
    assert len(as_table(write(tmp_path, PLAIN + "1,2\n1,2\n"))) == 5


def test_more_rows_than_one_batch_and_text_late_in_the_file(tmp_path):
    rows = "".join(f"{i},{i * i},{'x' if i == 9000 else 'y'}\n" for i in range(10_000))
    table = as_table(write(tmp_path, "a,b,label\n" + rows))
    i = np.arange(10_000.0)
    np.testing.assert_array_equal(table.values, np.column_stack([i, i * i]))
    assert np.flatnonzero(table.labels["label"] == "x").tolist() == [9000]


def test_integers_beyond_float64_that_are_floats_all_the_same(tmp_path):
    table = as_table(write(tmp_path, f"a\n{2**60}\n{2**61}\n{10**22}\n"))
    assert [int(value) for value in table.values[:, 0]] == [2**60, 2**61, 10**22]

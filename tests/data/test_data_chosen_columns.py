"""The columns that are asked for: by name, by position, and wrongly."""

from pathlib import Path

import numpy as np
import pytest

from gmm_ppl.data import as_table
from gmm_ppl.errors import InputError

SELECTED = {
    "misspelt": (
        ["wating"],
        "No column 'wating' in data.csv; did you mean 'waiting'? Its columns are 'waiting', 'Length' and 'kind'.",
    ),
    "wrong case": (
        ["length"],
        "No column 'length' in data.csv; did you mean 'Length'? Its columns are 'waiting', 'Length' and 'kind'.",
    ),
    "unknown": (["zzzzz"], "No column 'zzzzz' in data.csv. Its columns are 'waiting', 'Length' and 'kind'."),
    "position in a file with names": (
        [1],
        "No column '1' in data.csv. Its columns are 'waiting', 'Length' and 'kind'.",
    ),
    "repeated": (
        ["waiting", "Length", "waiting"],
        "`columns` names 'waiting' more than once: name every column once.",
    ),
    "text": (
        "waiting",
        "`columns` is the text 'waiting' where a list of names is expected: write ['waiting'].",
    ),
    "none": ([], "`columns` is empty: name at least one column, or leave `columns` out to take all numbers."),
    "number": ([1.5], "`columns` holds 1.5 (float): give names, or positions from 0."),
    "column of text": (
        ["waiting", "kind"],
        "Column 'kind' of data.csv holds text ('x' on line 2) and cannot be a feature. Name columns of numbers in "
        "`columns`; those of text become labels.",
    ),
}


ARRAY = np.array([[1.0, 2.0, 7.0], [3.0, 5.0, 1.0], [4.0, 9.0, 3.0]])

SELECTED_OF_ARRAY = {
    "position too large": ([0, 3], "No column 3 in the array: its columns are 0 to 2, counting from 0."),
    "negative position": ([-1], "No column -1 in the array: its columns are 0 to 2, counting from 0."),
    "truth value": ([True], "`columns` holds True (bool): give names, or positions from 0."),
    "name and position of one column": ([0, "x0"], "`columns` names 'x0' more than once: name every column once."),
    "name": (["y9"], "No column 'y9' in the array. Its columns are 'x0', 'x1' and 'x2'."),
}


@pytest.mark.parametrize(("columns", "message"), SELECTED.values(), ids=SELECTED.keys())
def test_refused_columns_of_a_file(tmp_path, monkeypatch, columns, message):
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text("waiting,Length,kind\n1,2,x\n3,5,y\n4,9,x\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        as_table("data.csv", columns=columns)
    assert str(caught.value) == message


@pytest.mark.parametrize(("columns", "message"), SELECTED_OF_ARRAY.values(), ids=SELECTED_OF_ARRAY.keys())
def test_refused_columns_of_an_array(columns, message):
    with pytest.raises(InputError) as caught:
        as_table(ARRAY, columns=columns)
    assert str(caught.value) == message


@pytest.mark.parametrize("columns", [[2, 0], ["x2", "x0"], (np.int64(2), "x0"), np.array([2, 0])])
def test_columns_of_an_array_in_the_order_asked_for(columns):
    table = as_table(ARRAY, columns=columns)
    assert table.features == ("x2", "x0")
    np.testing.assert_array_equal(table.values, ARRAY[:, [2, 0]])
    np.testing.assert_array_equal(table.labels["x1"], ARRAY[:, 1])


def test_a_table_gives_other_columns_of_itself():
    table = as_table({"a": [1, 2, 4], "b": [3, 1, 1], "kind": ["x", "y", "x"]}, columns=["a"])
    again = as_table(table, columns=["b", "a"])
    assert again.features == ("b", "a")
    np.testing.assert_array_equal(again.values, [[3, 1], [1, 2], [1, 4]])
    assert again.labels["kind"].tolist() == ["x", "y", "x"]
    assert again.source == "dict"


def test_a_table_is_handed_back_where_nothing_else_is_asked_for():
    table = as_table(ARRAY)
    assert as_table(table) is table
    assert as_table(table, columns=["x0", "x1", "x2"]) is table


def test_a_bad_column_does_not_matter_where_it_is_not_asked_for():
    table = as_table({"a": [1.0, 2.0, 4.0], "bad": [np.nan, 1.0, 1.0], "constant": [1, 1, 1]}, columns=["a"])
    np.testing.assert_array_equal(table.values, [[1], [2], [4]])
    np.testing.assert_array_equal(table.labels["bad"], [np.nan, 1.0, 1.0])

"""The names of rows that a text file has in a first column without a name: kept, and never taken for numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gmm_ppl.data import as_table
from gmm_ppl.data.rows import new_rows
from gmm_ppl.errors import InputError

VALUES = [[1.0, 2.0], [3.0, 5.0], [4.0, 9.0]]
REMARK = "the first column has no name: it holds the names of the rows, kept as the label row_names, and is no feature"

COUNTED = {
    "R's write.csv": '"","a","b"\n"1",1,2\n"2",3,5\n"3",4,9\n',
    "R's write.csv with quote = FALSE": ",a,b\n1,1,2\n2,3,5\n3,4,9\n",
    "a byte-order mark, Windows line ends": '\ufeff"","a","b"\r\n"1",1,2\r\n"2",3,5\r\n"3",4,9\r\n',
    "blank lines, spaces": '\n "" , a, b\n\n 1 ,1,2\n2,3,5\n\n3,4,9\n',
    "R's write.table with commas": '"a","b"\n"1",1,2\n"2",3,5\n"3",4,9\n',
    "quoted in the first row only": '"a","b"\n"1",1,2\n2,3,5\n3,4,9\n',
    "the same, byte-order mark, blank and Windows lines": '\ufeff"a","b"\r\n\r\n "1",1,2\r\n"2",3,5\r\n"3",4,9\r\n',
}
TABS = {
    "R's write.csv with tabs": '""\t"a"\t"b"\n"1"\t1\t2\n"2"\t3\t5\n"3"\t4\t9\n',
    "R's write.table": '"a"\t"b"\n"1"\t1\t2\n"2"\t3\t5\n"3"\t4\t9\n',
    "R's write.table with quote = FALSE": "a\tb\n1\t1\t2\n2\t3\t5\n3\t4\t9\n",
}
NAMES = {
    "text": (",a,b\noak,1,2\n ash ,3,5\nelm,4,9\n", ["oak", "ash", "elm"]),
    "text, and none above it": ("a,b\noak,1,2\nash,3,5\nelm,4,9\n", ["oak", "ash", "elm"]),
    "numbers as they are written": (",a,b\n007,1,2\n1_0,3,5\n9007199254740993,4,9\n", ["007", "1_0", "9007199254740993"]),
    "numbers and text": (",a,b\n1,1,2\nash,3,5\n3,4,9\n", ["1", "ash", "3"]),
    "repeated": (",a,b\noak,1,2\noak,3,5\noak,4,9\n", ["oak", "oak", "oak"]),
    "one number throughout": (",a,b\n0,1,2\n0,3,5\n0,4,9\n", ["0", "0", "0"]),
    "a copy of a column": (",a,b\n1,1,2\n3,3,5\n4,4,9\n", ["1", "3", "4"]),
    "missing": (",a,b\n,1,2\nNA,3,5\ninf,4,9\n", ["", "NA", "inf"]),
    "no letters but a zero byte": (",a,b\n\0,1,2\nash,3,5\nelm,4,9\n", ["\ufffd", "ash", "elm"]),
    "numbers with commas": ('"a","b"\n"1,5",1,2\n"2,5",3,5\n"3,5",4,9\n', ["1,5", "2,5", "3,5"]),
}


@pytest.fixture(autouse=True)
def _in_a_fresh_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(text: str, *, name: str = "data.csv", columns: list[str] | None = None):
    Path(name).write_bytes(text.encode())
    return as_table(name, columns=columns)


def refusal(text: str, *, columns: list[str] | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read(text, columns=columns)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "name"),
    [*((text, "data.csv") for text in COUNTED.values()), *((text, "data.tsv") for text in TABS.values())],
    ids=[*COUNTED, *TABS],
)
def test_a_first_column_without_a_name_names_the_rows(text, name):
    table = read(text, name=name)
    assert table.features == ("a", "b")
    np.testing.assert_array_equal(table.values, VALUES)
    assert {label: cells.tolist() for label, cells in table.labels.items()} == {"row_names": ["1", "2", "3"]}
    assert table.remarks == (REMARK,)


@pytest.mark.parametrize(("text", "names"), NAMES.values(), ids=NAMES.keys())
def test_names_are_text_whatever_they_look_like(text, names):
    table = read(text)
    assert table.features == ("a", "b")
    np.testing.assert_array_equal(table.values, VALUES)
    assert table.labels["row_names"].tolist() == names
    assert not table.labels["row_names"].flags.writeable


@pytest.mark.parametrize("text", ['"","a"\n"1",3\n"2",5\n', '"a"\n"1",3\n"2",5\n', "a\noak,3\nash,5\n"])
def test_one_feature(text):
    table = read(text)
    assert table.features == ("a",)
    np.testing.assert_array_equal(table.values, [[3.0], [5.0]])
    assert list(table.labels) == ["row_names"]


def test_columns_are_chosen_as_in_any_file():
    table = read('"","a","kind","b"\n"1",1,"x",2\n"2",3,"y",5\n"3",4,"y",9\n', columns=["b"])
    assert table.features == ("b",)
    np.testing.assert_array_equal(table.values, [[2.0], [5.0], [9.0]])
    assert list(table.labels) == ["row_names", "a", "kind"]
    assert table.labels["kind"].tolist() == ["x", "y", "y"]


def test_other_features_of_the_same_table():
    table = as_table(read(COUNTED["R's write.csv"]), columns=["b"])
    assert table.features == ("b",)
    assert table.labels["row_names"].tolist() == ["1", "2", "3"]
    assert table.remarks == (REMARK,)


def test_a_column_that_has_the_label_s_name_keeps_it():
    table = read(",row_names,row_names_,b\noak,1,x,2\nash,3,y,5\n")
    assert table.features == ("row_names", "b")
    assert {label: cells.tolist() for label, cells in table.labels.items()} == {
        "row_names__": ["oak", "ash"],
        "row_names_": ["x", "y"],
    }
    assert "kept as the label row_names__," in table.remarks[0]


def test_more_rows_than_one_batch():
    rows = "".join(f"{'r' * (i == 9000)}{i},{i},{i * i}\n" for i in range(10_000))
    names = read(",a,b\n" + rows).labels["row_names"]
    assert names.shape == (10_000,)
    assert names[[0, 4096, 9000, 9999]].tolist() == ["0", "4096", "r9000", "9999"]


@pytest.mark.parametrize("index", [None, ["oak", "oak", "elm"], [2.5, np.nan, 7]])
def test_what_pandas_writes(index):
    frame = pd.DataFrame(VALUES, columns=["a", "b"], index=index)
    frame.to_csv("data.csv")
    table = as_table("data.csv")
    np.testing.assert_array_equal(table.values, VALUES)
    assert table.remarks == (REMARK,)


def test_what_pandas_writes_of_an_array():
    pd.DataFrame(VALUES).to_csv("data.csv")
    table = as_table("data.csv")
    assert table.features == ("0", "1")
    np.testing.assert_array_equal(table.values, VALUES)


def test_new_rows_may_have_names_too():
    Path("new.csv").write_text(",b,a\noak,1,2\n")
    np.testing.assert_array_equal(new_rows("new.csv", ["a", "b"], 2), [[2.0, 1.0]])
    np.testing.assert_array_equal(new_rows("new.csv", None, 2), [[1.0, 2.0]])


def test_no_remark_and_no_label_without_such_a_column():
    table = read("a,b\n1,2\n3,5\n4,9\n")
    assert (table.remarks, dict(table.labels)) == ((), {})
    framed = as_table(pd.DataFrame(VALUES, columns=["a", "b"], index=["oak", "ash", "elm"]))
    assert (framed.remarks, dict(framed.labels)) == ((), {})


NO_NAME = (
    "Column {} from the left of data.csv has no name. If it only numbers the rows, write the file without it (pandas: "
    "index=False, R: row.names=FALSE), else name it; or name the columns to use in `columns`."
)
ONE_MORE = (
    "Line 2 of data.csv has {}: if the rows begin with their names, put an empty cell before the first column's name; if "
    "the numbers have decimal commas, write them with points."
)
RAGGED = "give every line the same number of cells, and quote a cell that contains the delimiter."
REFUSED = {
    "a second one": (",,a\n0,1,2\n1,3,5\n", NO_NAME.format(2)),
    "one elsewhere too": (",a,,b\n0,1,2,3\n1,3,5,7\n", NO_NAME.format(3)),
    "one elsewhere, and names without a cell above": ("a,,b\noak,1,2,3\nash,3,5,7\n", NO_NAME.format(3)),
    "bare numbers": ("a,b\n1,5,2\n2,5,4\n", ONE_MORE.format("3 cells where line 1 names 2 columns")),
    "no first cell": ("a,b\n,5,2\nash,5,4\n", ONE_MORE.format("3 cells where line 1 names 2 columns")),
    "bare numbers, quoted later": ('a,b\n1,5,2\n"2",5,4\n', ONE_MORE.format("3 cells where line 1 names 2 columns")),
    "a delimiter at the end of lines that begin with text": (
        "label,a\noak,1,\nash,3,\n",
        "Line 2 of data.csv has 3 cells where line 1 names 2 columns: remove the delimiter at the end of the line.",
    ),
    "bare numbers, one column": ("a\n1,5\n2,5\n", ONE_MORE.format("2 cells where line 1 names 1 column")),
    "a row without its name": (
        "a,b\noak,1,2\n3,5\n",
        f"Line 3 of data.csv has 2 cells where line 1 names 2 columns, beside the rows' names: {RAGGED}",
    ),
    "a cell too many beside names": (
        ",a,b\noak,1,2\nash,3,5,7\n",
        f"Line 3 of data.csv has 4 cells where line 1 names 3 columns: {RAGGED}",
    ),
    "a name later only": (
        "a,b\n1,2\noak,3,5\n",
        f"Line 3 of data.csv has 3 cells where line 1 names 2 columns: {RAGGED}",
    ),
    "semicolons": (
        "a;b\noak;2,5\nash;3,5\n",
        "data.csv has semicolons between its cells, where commas are expected: save it with commas between the cells and "
        "decimal points, or read it with pandas.read_csv('data.csv', sep=';', decimal=',') and pass the DataFrame.",
    ),
    "no rows": (",a,b\n", "data.csv has columns, 'a' and 'b', but no rows. A mixture needs at least two rows."),
    "no numbers": (
        ",a\n1,x\n2,y\n",
        "data.csv has no column of numbers, only text ('a'). A mixture needs at least one column of numbers.",
    ),
    "no names of columns, which count by chance": (
        "0,1\n3,2\n4,1\n",
        "The first line of data.csv (0 and 1) reads like data, where the names of the columns are expected: put a line "
        "with names above it; if these are the names, ask for them in `columns`.",
    ),
    "no names of columns": (
        ",5.1,3.5\n1,4.9,3\n2,4,1\n",
        "The first line of data.csv (5.1 and 3.5) reads like data, where the names of the columns are expected: put a line "
        "with names above it; if these are the names, ask for them in `columns`.",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(text, message):
    assert refusal(text) == message


def test_names_of_rows_are_no_column_to_choose():
    message = "No column 'row_names' in data.csv. Its columns are 'a' and 'b'."
    assert refusal(COUNTED["R's write.csv"], columns=["row_names"]) == message
    with pytest.raises(InputError, match=r"Column 'row_names' of data\.csv holds text"):
        as_table(read(COUNTED["R's write.csv"]), columns=["row_names"])

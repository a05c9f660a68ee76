"""Text files that cannot be read: every message as a user sees it."""

from pathlib import Path

import pytest

from gmm_ppl.data import as_table
from gmm_ppl.errors import InputError

EMPTY = "data.csv is empty: it needs a line with the names of the columns and then one line a row."
RAGGED = "give every line the same number of cells, and quote a cell that contains the delimiter."
CHOOSE = "or choose other columns with `columns`."
FILL_IN = f"Remove the rows without a value or fill them in, {CHOOSE}"
POINTS = f"Write numbers with a decimal point and no other separator, as in 1234.5, {CHOOSE}"
LEAVE_OUT = "Leave one of the two out by naming the others in `columns`."
COMMA = (
    "save it with commas between the cells and decimal points, or read it with pandas.read_csv('data.csv', {}) and "
    "pass the DataFrame."
)

REFUSED = {
    "empty": ("", EMPTY),
    "blank lines only": ("\n  \n\r\n", EMPTY),
    "header only": ("a,b\n\n", "data.csv has columns, 'a' and 'b', but no rows. A mixture needs at least two rows."),
    "one row": ("a,b\n1,2\n", "data.csv has only one row. A mixture needs at least two rows."),
    "cell too many": ("a,b\n1,2\n\n3,4,5\n", f"Line 4 of data.csv has 3 cells where line 1 names 2 columns: {RAGGED}"),
    "cell too few": ("a,b\n1,2\n3\n", f"Line 3 of data.csv has 1 cell where line 1 names 2 columns: {RAGGED}"),
    "cell too many for one column": (
        "a\n1\n2,3\n",
        f"Line 3 of data.csv has 2 cells where line 1 names 1 column: {RAGGED}",
    ),
    "delimiter at line ends": (
        "a,b\n1,2,\n3,4,\n",
        "Line 2 of data.csv has 3 cells where line 1 names 2 columns: remove the delimiter at the end of the line.",
    ),
    "decimal commas between commas": (
        "a,b\n1,5,2,5\n",
        "Line 2 of data.csv has 4 cells where line 1 names 2 columns: if the numbers have decimal commas, write them "
        "with points.",
    ),
    "text among numbers": (
        "a,b\n1,2\nabc,3\n4,5\nn.d.,7\n",
        "Column 'a' of data.csv holds text among its numbers in 2 of 4 rows: 'abc' on line 3 and 'n.d.' on line 5. "
        f"Correct the cells with text, {CHOOSE}",
    ),
    "much text among numbers": (
        "a,b\n1,2\n" + "x,3\n" * 7,
        "Column 'a' of data.csv holds text among its numbers in 7 of 8 rows: 'x' on line 3, 'x' on line 4, 'x' on line "
        f"5 and 4 more. Correct the cells with text, {CHOOSE}",
    ),
    "long text among numbers": (
        f"a,b\n1,2\n{'very ' * 20},3\n",
        "Column 'a' of data.csv holds text among its numbers in 1 of 2 rows: 'very very very very very very very very "
        f"…' on line 3. Correct the cells with text, {CHOOSE}",
    ),
    "underscores": (
        "a,b\n1_000,2\n3,4\n",
        "Column 'a' of data.csv holds text among its numbers in 1 of 2 rows: '1_000' on line 2. Correct the cells with "
        f"text, {CHOOSE}",
    ),
    "text only": (
        "a,b\nx,y\nz,w\n",
        "data.csv has no column of numbers, only text ('a' and 'b'). A mixture needs at least one column of numbers.",
    ),
    "missing values": (
        "a,b\n1,2\n,3\nNA,4\n2,nan\n5,6\n",
        "2 problems keep data.csv from being used:\n"
        "- Column 'a' of data.csv is missing or NaN in 2 of 5 rows: rows 1 and 2, counting from 0 (lines 3 and 4 of "
        "the file).\n"
        "- Column 'b' of data.csv is missing or NaN in 1 of 5 rows: row 3, counting from 0 (line 5 of the file).\n"
        f"{FILL_IN}",
    ),
    "many missing values after a blank line": (
        "a,b\n\n" + "?,1\n" * 9 + "1,2\n",
        "Column 'a' of data.csv is missing or NaN in 9 of 10 rows: rows 0, 1, 2, 3, 4 and 4 more, counting from 0 "
        f"(lines 3, 4, 5, 6, 7 and 4 more of the file). {FILL_IN}",
    ),
    "blank line in one column": (
        "a\n1\n\n3\n4\n\n",
        "Column 'a' of data.csv is missing or NaN in 1 of 4 rows: row 1, counting from 0 (line 3 of the file). Remove "
        "the rows without a value or fill them in.",
    ),
    "infinite values": (
        "a,b\n1,2\ninf,3\n-Infinity,4\n1e999,1\n",
        "Column 'a' of data.csv is infinite in 3 of 4 rows: rows 1, 2 and 3, counting from 0 (lines 3, 4 and 5 of the "
        f"file). Remove or correct the rows with infinite values, {CHOOSE}",
    ),
    "missing and infinite": (
        "a,b\n1,2\ninf,\n3,4\n",
        "2 problems keep data.csv from being used:\n"
        "- Column 'a' of data.csv is infinite in 1 of 3 rows: row 1, counting from 0 (line 3 of the file).\n"
        "- Column 'b' of data.csv is missing or NaN in 1 of 3 rows: row 1, counting from 0 (line 3 of the file).\n"
        f"Remove or correct the rows with infinite values, {CHOOSE}\n{FILL_IN}",
    ),
    "repeated name": ("a,b,a\n1,2,3\n", "2 columns of data.csv are called 'a': give them different names."),
    "no name": (
        "a,,b\n0,2,3\n1,5,7\n",
        "Column 2 from the left of data.csv has no name. If it only numbers the rows, write the file without it "
        "(pandas: index=False, R: row.names=FALSE), else name it; or name the columns to use in `columns`.",
    ),
    "constant": (
        "a,b\n3,1\n3,2\n",
        "Column 'a' of data.csv is 3 in every row: it has no variance. Leave such columns out by naming the others in `columns`.",
    ),
    "two constants": (
        "a,b,c\n3,1.5,2\n3,1.5,3\n",
        "2 problems keep data.csv from being used:\n"
        "- Column 'a' of data.csv is 3 in every row: it has no variance.\n"
        "- Column 'b' of data.csv is 1.5 in every row: it has no variance.\n"
        "Leave such columns out by naming the others in `columns`.",
    ),
    "only a constant": (
        "a\n3\n3\n",
        "Column 'a' of data.csv is 3 in every row: it has no variance. Give columns that vary.",
    ),
    "equal columns": (
        "a,b,c\n3,1,3\n4,9,4\n5,2,5\n",
        f"Columns 'a' and 'c' of data.csv are equal in every row: the covariance of the two is singular. {LEAVE_OUT}",
    ),
    "linear function": (
        "celsius,x,fahrenheit\n3,1,37.4\n4,5,39.2\n5.5,2,41.9\n9,2,48.2\n",
        "Column 'fahrenheit' of data.csv is 1.8 × 'celsius' + 32 in every row: the covariance of the two is singular. "
        f"{LEAVE_OUT}",
    ),
    "semicolons": (
        "a;b\n1;2\n",
        f"data.csv has semicolons between its cells, where commas are expected: {COMMA.format("sep=';'")}",
    ),
    "semicolons and decimal commas": (
        "a;b\n1,5;2,5\n",
        "data.csv has semicolons between its cells, where commas are expected: " + COMMA.format("sep=';', decimal=','"),
    ),
    "tabs": (
        "a\tb\n1\t2\n",
        "data.csv has tabs between its cells, where commas are expected: rename it to 'data.tsv'.",
    ),
    "spaces": (
        "a b\n1 2\n",
        f"data.csv has spaces between its cells, where commas are expected: {COMMA.format("sep=' '")}",
    ),
    "decimal commas in quotes": (
        'a,b\n"1,5",2\n"2,5",4\n,5\n',
        f"Column 'a' of data.csv holds numbers with commas ('1,5' on line 2). {POINTS}",
    ),
    "some decimal commas": (
        'a,b\n"1,5",2\n2,4\n',
        f"Column 'a' of data.csv holds text among its numbers in 1 of 2 rows: '1,5' on line 2. {POINTS}",
    ),
    "thousands": (
        'a,b\n"1,500",2\n"-2,000,000.5",4\n',
        f"Column 'a' of data.csv holds numbers with commas ('1,500' on line 2). {POINTS}",
    ),
    "no names": (
        "5.1,3.5,setosa\n4.9,3.0,setosa\n1,2,virginica\n",
        "The first line of data.csv (5.1, 3.5 and setosa) reads like data, where the names of the columns are "
        "expected: put a line with names above it; if these are the names, ask for them in `columns`.",
    ),
    "comment": (
        "# a,b\n1,2\n",
        "Line 1 of data.csv starts with '#', where the names of the columns are expected: remove comment lines, and "
        "the '#' before the names.",
    ),
    "quotation mark never closed": (
        'a,b\n1,2\n"3,4\n5,6\n',
        "A quoted cell on line 3 of data.csv goes on to line 4: look for a quotation mark without its partner; cells "
        "of several lines cannot be read.",
    ),
    "quotation mark that swallows a row": (
        'a,label\n1,"x\n3,"y"\n5,"z"\n',
        "A quoted cell on line 2 of data.csv goes on to line 3: look for a quotation mark without its partner; cells "
        "of several lines cannot be read.",
    ),
    "integers too long": (
        "id,b\n9007199254740993,2\n9007199254740992,4\n1,1\n",
        "Column 'id' of data.csv has integers with too many digits for a 64-bit float in 1 of 3 rows: row 0, counting "
        f"from 0 (line 2 of the file). Subtract an offset from them to keep them exact, {CHOOSE}",
    ),
}

BYTES = {
    "Latin-1": (
        "a,b\n1,2\ngröße,3\n".encode("latin-1"),
        "Line 3 of data.csv is not UTF-8 text (byte 0xf6): save it as UTF-8.",
    ),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "data.csv is not UTF-8 text but UTF-16: save it as UTF-8."),
    "a cell beyond bounds": (
        b'a,b\n1,2\n"' + b"x" * 140_000,
        "Line 3 of data.csv cannot be cut into cells (field larger than field limit (131072)).",
    ),
}


def refusal(content: bytes, *, name: str = "data.csv") -> str:
    Path(name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        as_table(name)
    return str(caught.value)


@pytest.fixture(autouse=True)
def _in_a_fresh_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_text(text, message):
    assert refusal(text.encode()) == message


@pytest.mark.parametrize(("content", "message"), BYTES.values(), ids=BYTES.keys())
def test_refused_bytes(content, message):
    assert refusal(content) == message


def test_commas_in_a_file_of_tabs():
    assert refusal(b"a,b\n1,2\n", name="data.tsv") == (
        "data.tsv has commas between its cells, where tabs are expected: rename it to 'data.csv'."
    )


def test_many_problems_are_cut_short():
    names = ",".join(f"c{i}" for i in range(14))
    message = refusal(f"{names}\n{','.join(['NA'] * 14)}\n{','.join('1' * 14)}\n".encode())
    lines = message.splitlines()
    assert lines[0] == "14 problems keep data.csv from being used:"
    assert lines[-2] == "- 4 more columns have such problems."
    assert len(lines) == 13


def test_a_refused_file_is_closed_while_the_error_is_still_held(monkeypatch):
    opened = []
    original = Path.open

    def recorded(self, *args, **kwargs):
        opened.append(original(self, *args, **kwargs))
        return opened[-1]

    monkeypatch.setattr(Path, "open", recorded)
    Path("data.csv").write_bytes(b"a,b\n1,2\n\n3,4,5\n")
    with pytest.raises(InputError, match="has 3 cells") as caught:
        as_table("data.csv")
    readers = [file for file in opened if file.mode == "r"]
    assert caught.value is not None
    assert len(readers) == 1
    assert readers[0].closed

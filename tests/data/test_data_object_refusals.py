"""Objects in memory that cannot be used: every message as a user sees it."""

from datetime import date

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse
from jax.experimental.sparse import BCOO

from gmm_ppl.data import as_table
from gmm_ppl.errors import InputError

X = np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 9.0], [8.0, 7.0]])
CHOOSE = "or choose other columns with `columns`."
TWO = "A mixture needs at least two rows."
COLUMNS = "where rows and columns are expected"
FIELDS = np.zeros((2, 2), dtype=[("u", "i4")])
OBJECTS = "Convert the column to a type of numbers, for instance with astype(float)"
LEAVE_OUT = "Leave one of the two out by naming the others in `columns`."


def with_cells(cells: dict[tuple[int, int], float]) -> np.ndarray:
    x = X.copy()
    for place, value in cells.items():
        x[place] = value
    return x


def nothing(data: str) -> str:
    advice = "give an array, a DataFrame, a dict of columns or the path of a file."
    return f"Data of type {data} cannot be read as a table: {advice}"


REFUSED = {
    "NaN": (
        with_cells({(1, 0): np.nan, (3, 0): np.nan}),
        "Column 'x0' of the array is missing or NaN in 2 of 4 rows: rows 1 and 3, counting from 0. Remove the rows "
        f"without a value or fill them in, {CHOOSE}",
    ),
    "infinity": (
        with_cells({(2, 1): -np.inf}),
        "Column 'x1' of the array is infinite in 1 of 4 rows: row 2, counting from 0. Remove or correct the rows with "
        f"infinite values, {CHOOSE}",
    ),
    "masked": (
        np.ma.masked_array(X, X == 9),
        "Column 'x1' of the array is missing or NaN in 1 of 4 rows: row 2, counting from 0. Remove the rows without a "
        f"value or fill them in, {CHOOSE}",
    ),
    "None among numbers": (
        {"a": [1, None, 3]},
        "Column 'a' of the dict is missing or NaN in 1 of 3 rows: row 1, counting from 0. Remove the rows without a "
        "value or fill them in.",
    ),
    "three dimensions": (
        np.zeros((2, 3, 4)),
        f"The array has 3 dimensions, (2, 3, 4), {COLUMNS}: reshape it, for instance with reshape(-1, 4).",
    ),
    "a number": (5.0, f"The array is a single value, {COLUMNS}: give one row a case."),
    "no rows": (np.zeros((0, 3)), f"The array has no rows. {TWO}"),
    "an empty list": ([], f"The array has no rows. {TWO}"),
    "no rows in a dict": ({"a": [], "b": []}, f"The dict has columns, 'a' and 'b', but no rows. {TWO}"),
    "one row": (X[:1], f"The array has only one row. {TWO}"),
    "no columns": (
        np.zeros((4, 0)),
        "The array has no columns. A mixture needs at least one column of numbers.",
    ),
    "an empty dict": ({}, "The dict has no columns. A mixture needs at least one column of numbers."),
    "nothing": (None, nothing("NoneType")),
    "a generator": ((i for i in range(3)), nothing("generator")),
    "a set": ({1, 2}, nothing("set")),
    "unequal rows": (
        [[1, 2], [3, 4], [5]],
        "The rows of the list differ in length: row 0 has 2 and row 2, counting from 0, has 1; give every row one "
        "number a column.",
    ),
    "numbers and rows": ([1, [2]], "The list cannot be made an array: give every row one number a column."),
    "unequal columns": (
        {"a": [1, 2, 3], "b": [3, 1]},
        "The columns of the dict differ in length: 'a' has 3 rows and 'b' has 2; make them equal.",
    ),
    "a number for a column": (
        {"a": 1},
        "Column 'a' of the dict is a single value, where one value a row is expected: give every column by itself, in "
        "one dimension.",
    ),
    "a matrix beside a column": (
        {"a": X, "b": [1, 2, 3, 4]},
        "Column 'a' of the dict has shape (4, 2), where one value a row is expected: give every column by itself, in "
        "one dimension.",
    ),
    "unequal lists for a column": (
        {"a": [[1], [1, 2]]},
        "Column 'a' of the dict is not a list of single values: give one value a row.",
    ),
    "fields of two dimensions": (
        FIELDS,
        "The array has named fields and 2 dimensions, where one record a row is expected: flatten it with ravel().",
    ),
    "a field of two numbers": (
        np.zeros(3, dtype=[("u", "i4"), ("v", "f8", (2,))]),
        "Field 'v' of the array has 2 numbers a row: split it into fields of one number.",
    ),
    "complex": (
        X[:, 0] * 1j,
        "Column 'x0' of the array holds complex numbers. Give the real and the imaginary part as two columns.",
    ),
    "two complex columns": (
        X * 1j,
        "2 problems keep the array from being used:\n"
        "- Column 'x0' of the array holds complex numbers.\n"
        "- Column 'x1' of the array holds complex numbers.\n"
        f"Give the real and the imaginary part as two columns, {CHOOSE}",
    ),
    "dates": (
        np.array(["2020-01-01", "2020-01-02"], dtype="M8[D]"),
        "Column 'x0' of the array holds dates or durations. Turn dates into numbers, for instance days since the first one.",
    ),
    "durations beside numbers": (
        {"a": [1, 2], "b": np.array([1, 2], dtype="m8[s]")},
        "Column 'b' of the dict holds dates or durations. Turn dates into numbers, for instance days since the first "
        f"one, {CHOOSE}",
    ),
    "text that is numbers": (
        np.array([["1", "2"], ["3", "4"]]),
        "The array holds text, for instance '1' in row 0, counting from 0: convert it with numpy.asarray(data, dtype=float).",
    ),
    "text": (
        [[1, 2], [3, "a"]],
        "The array holds text, for instance 'a' in row 1, counting from 0: pass a DataFrame or a dict of columns, in "
        "which columns of text become labels.",
    ),
    "text only": (
        {"a": ["x", "y"]},
        "The dict has no column of numbers, only text ('a'). A mixture needs at least one column of numbers.",
    ),
    "objects": (
        np.array([1, 2, 3], dtype=object),
        f"Column 'x0' of the array holds Python objects ('1', of type int, in row 0, counting from 0). {OBJECTS}.",
    ),
    "odd objects": (
        np.array([[1, 2], [3, date(2020, 1, 1)]], dtype=object)[:, 1],
        f"Column 'x0' of the array holds Python objects ('2020-01-01', of type date, in row 1, counting from 0). {OBJECTS}.",
    ),
    "integers too long": (
        np.array([[2**53 + 1, 1], [2, 5], [-(2**60) - 1, 7]]),
        "Column 'x0' of the array has integers with too many digits for a 64-bit float in 2 of 3 rows: rows 0 and 2, "
        f"counting from 0. Subtract an offset from them to keep them exact, {CHOOSE}",
    ),
    "unsigned integers too long": (
        np.array([2**64 - 1, 1], dtype=np.uint64),
        "Column 'x0' of the array has integers with too many digits for a 64-bit float in 1 of 2 rows: row 0, counting "
        "from 0. Subtract an offset from them to keep them exact.",
    ),
    "constant": (
        np.column_stack([X, np.full(4, 1e8 + 0.5)]),
        "Column 'x2' of the array is 100000000.5 in every row: it has no variance. Leave such columns out by naming "
        "the others in `columns`.",
    ),
    "all constant": (
        np.full((3, 2), 1e-100),
        "2 problems keep the array from being used:\n"
        "- Column 'x0' of the array is 1e-100 in every row: it has no variance.\n"
        "- Column 'x1' of the array is 1e-100 in every row: it has no variance.\n"
        "Give columns that vary.",
    ),
    "copies": (
        np.column_stack([X, X[:, 0], -2 * X[:, 1] + 1]),
        "2 problems keep the array from being used:\n"
        "- Columns 'x0' and 'x2' of the array are equal in every row: the covariance of the two is singular.\n"
        "- Column 'x3' of the array is -2 × 'x1' + 1 in every row: the covariance of the two is singular.\n"
        f"{LEAVE_OUT}",
    ),
    "a multiple": (
        {"inches": [1.0, 2.0, 4.0], "centimetres": [2.54, 5.08, 10.16]},
        f"Column 'centimetres' of the dict is 2.54 × 'inches' in every row: the covariance of the two is singular. {LEAVE_OUT}",
    ),
    "sparse": (
        scipy.sparse.csr_array(X),
        "A sparse matrix (csr_array) cannot be used: pass it as data.toarray().",
    ),
    "sparse, of JAX": (
        BCOO.fromdense(jnp.asarray(X)),
        "A sparse matrix (BCOO) cannot be used: pass it as data.todense().",
    ),
}


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_objects(data, message):
    with pytest.raises(InputError) as caught:
        as_table(data)
    assert str(caught.value) == message


def test_wide_floats_beyond_range_are_infinite():
    if np.finfo(np.longdouble).maxexp == np.finfo(np.float64).maxexp:
        wide = np.array([1.0, 2.0, np.inf], dtype=np.longdouble)
    else:
        wide = np.array([1.0, 2.0, np.ldexp(np.longdouble(1), 2000)], dtype=np.longdouble)
    with pytest.raises(InputError, match="Column 'x0' of the array is infinite in 1 of 3 rows: row 2, counting"):
        as_table(wide)

"""DataFrames of several libraries."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from gmm_ppl.data import as_table
from gmm_ppl.errors import InputError

CELLS = {"a": [1, 3, 4], "kind": ["x", None, "z"], "b": [2.5, 5.0, 9.0], "yes": [True, False, False]}
VALUES = [[1, 2.5, 1], [3, 5, 0], [4, 9, 0]]
FRAMES = {
    "pandas": pd.DataFrame(CELLS, index=[5, 5, 7]),
    "pandas, nullable types": pd.DataFrame(CELLS).convert_dtypes(),
    "pandas, pyarrow types": pd.DataFrame(CELLS).convert_dtypes(dtype_backend="pyarrow"),
    "pandas, old strings": pd.DataFrame(CELLS).astype({"kind": object}),
    "polars": pl.DataFrame(CELLS),
    "polars, lazy": pl.LazyFrame(CELLS),
    "pyarrow": pa.table(CELLS),
}
CHOOSE = "or choose other columns with `columns`."


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
def test_numbers_are_features_and_text_is_a_label(frame):
    table = as_table(frame)
    assert table.features == ("a", "b", "yes")
    np.testing.assert_array_equal(table.values, VALUES)
    assert table.labels["kind"].tolist() == ["x", "", "z"]
    assert table.source == type(frame).__name__


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
def test_chosen_columns(frame):
    table = as_table(frame, columns=["b"])
    assert list(table.labels) == ["a", "kind", "yes"]
    np.testing.assert_array_equal(table.labels["a"], [1, 3, 4])


SERIES = {
    "pandas": pd.Series([1, 3, 4], name="a"),
    "polars": pl.Series("a", [1, 3, 4]),
    "pandas, nullable": pd.Series([1, 3, 4], name="a", dtype="Int64"),
}


@pytest.mark.parametrize("series", SERIES.values(), ids=SERIES.keys())
def test_a_series_is_one_feature(series):
    table = as_table(series)
    assert table.features == ("a",)
    np.testing.assert_array_equal(table.values, [[1], [3], [4]])


@pytest.mark.parametrize("series", [pd.Series([1, 3]), pl.Series([1, 3]), pa.chunked_array([[1, 3]]), pa.array([1, 3])])
def test_a_series_without_a_name_is_x0(series):
    assert as_table(series).features == ("x0",)


CATEGORIES = {
    "pandas": pd.DataFrame({"a": [1, 2, 3], "k": pd.Categorical(["u", "v", None])}),
    "polars": pl.DataFrame({"a": [1, 2, 3], "k": ["u", "v", None]}).with_columns(pl.col("k").cast(pl.Categorical)),
    "polars, enum": pl.DataFrame({"a": [1, 2, 3], "k": ["u", "v", None]}).with_columns(pl.col("k").cast(pl.Enum(["u", "v"]))),
    "pyarrow": pa.table({"a": [1, 2, 3], "k": pa.array(["u", "v", None]).dictionary_encode()}),
}


@pytest.mark.parametrize("frame", CATEGORIES.values(), ids=CATEGORIES.keys())
def test_categories_are_text(frame):
    assert as_table(frame).labels["k"].tolist() == ["u", "v", ""]


MISSING = {
    "pandas": pd.DataFrame({"a": [1, None, 3], "b": [1.0, np.nan, 2.0]}),
    "pandas, nullable types": pd.DataFrame({"a": [1, None, 3], "b": [True, None, False]}).convert_dtypes(),
    "pandas, pyarrow types": pd.DataFrame({"a": [1, None, 3], "b": [1.0, None, 2.5]}).convert_dtypes(dtype_backend="pyarrow"),
    "polars": pl.DataFrame({"a": [1, None, 3], "b": [1.0, float("nan"), 2.0]}),
    "pyarrow": pa.table({"a": [1, None, 3], "b": [1.0, None, 2.0]}),
}


@pytest.mark.parametrize("frame", MISSING.values(), ids=MISSING.keys())
def test_missing_values(frame):
    name = type(frame).__name__
    with pytest.raises(InputError) as caught:
        as_table(frame)
    assert str(caught.value) == (
        f"2 problems keep the {name} from being used:\n"
        f"- Column 'a' of the {name} is missing or NaN in 1 of 3 rows: row 1, counting from 0.\n"
        f"- Column 'b' of the {name} is missing or NaN in 1 of 3 rows: row 1, counting from 0.\n"
        f"Remove the rows without a value or fill them in, {CHOOSE}"
    )


def test_missing_labels_of_numbers_are_nan():
    for frame in (pd.DataFrame({"x": [1, 2, 4], "n": [1, None, 3]}), pl.DataFrame({"x": [1, 2, 4], "n": [1, None, 3]})):
        np.testing.assert_array_equal(as_table(frame, columns=["x"]).labels["n"], [1, np.nan, 3])


def test_columns_called_by_numbers():
    frame = pd.DataFrame(np.array(VALUES))
    assert as_table(frame).features == ("0", "1", "2")
    assert as_table(frame, columns=[2, 0]).features == ("2", "0")


def test_decimals_and_sparse_columns():
    np.testing.assert_array_equal(as_table(pl.DataFrame({"a": [Decimal("1.5"), Decimal("2.25")]})).values, [[1.5], [2.25]])
    np.testing.assert_array_equal(as_table(pd.DataFrame({"a": pd.arrays.SparseArray([0.0, 1.0])})).values, [[0], [1]])


def test_long_integers():
    frame = pl.DataFrame({"id": [2**53 + 1, 2**53], "b": [1, 2]})
    with pytest.raises(InputError, match="Column 'id' of the DataFrame has integers with too many digits"):
        as_table(frame)


DATES = {
    "pandas": pd.DataFrame({"when": pd.to_datetime(["2020-01-01", "2020-02-01"]), "a": [1, 2]}),
    "polars": pl.DataFrame({"when": [date(2020, 1, 1), date(2020, 2, 1)], "a": [1, 2]}),
    "pyarrow": pa.table({"when": [date(2020, 1, 1), date(2020, 2, 1)], "a": [1, 2]}),
}


@pytest.mark.parametrize("frame", DATES.values(), ids=DATES.keys())
def test_dates_are_refused_or_become_labels(frame):
    with pytest.raises(InputError) as caught:
        as_table(frame)
    assert str(caught.value) == (
        f"Column 'when' of the {type(frame).__name__} holds dates or durations. Turn dates into numbers, for instance "
        f"days since the first one, {CHOOSE}"
    )
    labels = as_table(frame, columns=["a"]).labels["when"].tolist()
    assert [label[:10] for label in labels] == ["2020-01-01", "2020-02-01"]


REFUSED = {
    "repeated name, pandas": (
        pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]),
        "2 columns of the DataFrame are called 'a': give them different names.",
    ),
    "repeated name, pyarrow": (
        pa.table([[1, 2], [3, 4]], names=["a", "a"]),
        "2 columns of the Table are called 'a': give them different names.",
    ),
    "objects": (
        pd.DataFrame({"a": [1, "x", 3], "b": [1, 2, 3]}),
        "Column 'a' of the DataFrame holds Python objects ('x', of type str, in row 1, counting from 0). Convert "
        f"the column to a type of numbers, for instance with astype(float), {CHOOSE}",
    ),
    "lists": (
        pl.DataFrame({"a": [[1], [2, 3]]}),
        "Column 'a' of the DataFrame holds Python objects ('[1]', of type list, in row 0, counting from 0). Convert "
        "the column to a type of numbers, for instance with astype(float).",
    ),
    "complex": (
        pd.DataFrame({"z": [1j, 2]}),
        "Column 'z' of the DataFrame holds complex numbers. Give the real and the imaginary part as two columns.",
    ),
    "decimal commas": (
        pd.DataFrame({"a": ["1,5", "2,5"], "b": [1, 2]}),
        "Column 'a' of the DataFrame holds numbers with commas ('1,5' in row 0). Write numbers with a decimal point and "
        f"no other separator, as in 1234.5, {CHOOSE}",
    ),
    "no columns": (
        pd.DataFrame(),
        "The DataFrame has no columns. A mixture needs at least one column of numbers.",
    ),
    "no rows": (
        pl.DataFrame({"a": []}, schema={"a": pl.Float64}),
        "The DataFrame has columns, 'a', but no rows. A mixture needs at least two rows.",
    ),
    "text": (
        pd.Series(["x", "y"], name="s"),
        "The Series has no column of numbers, only text ('s'). A mixture needs at least one column of numbers.",
    ),
}


@pytest.mark.parametrize(("frame", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_frames(frame, message):
    with pytest.raises(InputError) as caught:
        as_table(frame)
    assert str(caught.value) == message

"""Whatever is given becomes a sound table or is refused in words; nothing else happens, no warning either."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, scalar_dtypes

from gmm_ppl.data import as_table
from gmm_ppl.errors import InputError

PIECES = [
    "1",
    "2.5",
    "-3",
    "",
    "NA",
    "inf",
    "x",
    '"q"',
    '"',
    ",",
    ",",
    ";",
    "\t",
    "\n",
    "\n",
    "\r\n",
    " ",
    "1_0",
    '"1,5"',
    "#",
    "\0",
    "1e400",
]
NAMES = st.lists(st.sampled_from(["a", "b", "c", '"d e"', "", "1"]), min_size=1, max_size=3)
CELLS = st.sampled_from(["1", "2", "3", "4.5", "x", "NA", '"7"', " 8 ", "inf", ""])
LINES = NAMES.flatmap(
    lambda names: st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), max_size=6).map(lambda rows: [names, *rows])
)
FILES = st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | LINES.map(
    lambda lines: "\n".join(",".join(cells) for cells in lines)
)
OBJECTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text(max_size=3) | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3) | st.tuples(inner, inner)
    ),
    max_leaves=12,
).filter(lambda data: not isinstance(data, str))
ARRAYS = arrays(scalar_dtypes(), array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
COLUMNS = st.none() | st.lists(st.sampled_from(["a", "b", "x0", 0, 1, -1, None]), max_size=2)


def check(data: object, columns: list | None) -> None:
    refusal = ""
    try:
        table = as_table(data, columns=columns)
    except InputError as error:
        refusal = str(error)
    if refusal:
        assert "\n" not in refusal or "problems keep" in refusal
        return
    assert table.values.dtype == np.float64
    assert np.isfinite(table.values).all()
    assert len(table) > 1
    assert (table.values.max(axis=0) > table.values.min(axis=0)).all()
    assert all(label.shape == (len(table),) and label.dtype.kind in "biufU" for label in table.labels.values())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=FILES, columns=COLUMNS)
def test_any_text(tmp_path, content, columns):
    path = tmp_path / "data.csv"
    path.write_bytes(content.encode())
    check(path, columns)


@settings(max_examples=40, deadline=None)
@given(data=ARRAYS, columns=COLUMNS)
def test_any_array(data, columns):
    check(data, columns)


@settings(max_examples=40, deadline=None)
@given(data=OBJECTS, columns=COLUMNS)
def test_any_object(data, columns):
    check(data, columns)

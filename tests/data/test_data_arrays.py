"""Arrays of every real type, byte order and layout, converted exactly; and what a table then is."""

import copy
import hashlib
import json
import pickle

import jax.numpy as jnp
import numpy as np
import pytest

from gmm_ppl.data import Table, as_table, check_enough_rows, fingerprint
from gmm_ppl.errors import InputError

X = np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 9.0], [8.0, 7.0]])
EXACT_TYPES = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "g", ">i4", ">u8", ">f4", ">f8", "<f8"]


def strided() -> np.ndarray:
    wide = np.zeros((8, 6))
    wide[::2, 1::3] = X
    return wide[::2, 1::3]


def read_only() -> np.ndarray:
    x = X.copy()
    x.flags.writeable = False
    return x


LAYOUTS = {
    "Fortran": np.asfortranarray(X),
    "strided": strided(),
    "reversed": X[::-1, ::-1].copy()[::-1, ::-1],
    "read-only": read_only(),
    "transposed": X.T.copy().T,
    "list of lists": X.tolist(),
    "list of tuples": [tuple(row) for row in X],
    "list of arrays": list(X),
    "tuple": tuple(map(tuple, X.tolist())),
    "unaligned": np.frombuffer(b"\0" + X.tobytes(), dtype=np.uint8)[1:].view(np.float64).reshape(X.shape),
    "masked, nothing hidden": np.ma.masked_array(X, mask=False),
    "JAX": jnp.asarray(X),
}


@pytest.mark.parametrize("kind", EXACT_TYPES)
def test_types(kind):
    np.testing.assert_array_equal(as_table(X.astype(kind)).values, X)


@pytest.mark.parametrize("data", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_layouts(data):
    table = as_table(data)
    np.testing.assert_array_equal(table.values, X)
    assert table.values.dtype == np.float64
    assert table.values.flags.f_contiguous
    assert not table.values.flags.writeable
    assert table.features == ("x0", "x1")
    assert table.source == "array"
    assert table.labels == {}


def test_rows_repeated_without_a_stride():
    table = as_table(np.broadcast_to(X[:, None, :], (4, 3, 2)).reshape(12, 2))
    np.testing.assert_array_equal(table.values, np.repeat(X, 3, axis=0))
    with pytest.raises(InputError, match="Column 'x0' of the array is 1 in every row"):
        as_table(np.broadcast_to(X[0], (4, 2)))


def test_truth_values_are_0_and_1():
    table = as_table(np.array([[True, False], [False, False], [True, True]]))
    np.testing.assert_array_equal(table.values, [[1, 0], [0, 0], [1, 1]])


def test_bfloat16_of_jax():
    np.testing.assert_array_equal(as_table(jnp.asarray(X, dtype=jnp.bfloat16)).values, X)


def test_one_dimension_is_one_feature():
    table = as_table([3.0, 1.0, 2.0])
    assert table.values.shape == (3, 1)
    assert table.features == ("x0",)


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e-100, 1.0, 1e100, 1e300])
def test_scaled_values_are_kept_bit_for_bit(scale):
    np.testing.assert_array_equal(as_table(X * scale).values, X * scale)


@pytest.mark.parametrize("offset", [1e8, -1e8, 1e15])
def test_offset_values_are_kept_bit_for_bit(offset):
    np.testing.assert_array_equal(as_table(X + offset).values, X + offset)


def test_two_neighbouring_floats_are_not_constant():
    column = np.array([1e8, np.nextafter(1e8, 2e8), 1e8])
    np.testing.assert_array_equal(as_table(column).values[:, 0], column)


def test_the_whole_range_of_floats():
    column = np.array([-np.finfo(float).max, 0.0, np.finfo(float).max])
    np.testing.assert_array_equal(as_table(column).values[:, 0], column)


@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_long_integers_that_are_floats(kind):
    numbers = [2**53, 2**53 + 2, 2**60 + 2**8, 2**62, 0]
    assert [int(value) for value in as_table(np.array(numbers, dtype=kind)).values[:, 0]] == numbers


def test_the_ends_of_the_integers():
    numbers = np.array([-(2**63), 2**62, -1])
    assert [int(value) for value in as_table(numbers).values[:, 0]] == [-(2**63), 2**62, -1]
    assert as_table(np.array([2**63, 1], dtype=np.uint64)).values[0, 0] == 2.0**63


def test_structured_and_record_arrays():
    fields = [("u", "i4"), ("v", ">f8"), ("kind", "U3"), ("code", "S2")]
    data = np.array([(1, 2.5, "a", b"p"), (2, 3.5, "b", b"q"), (3, 9, "c", b"r")], dtype=fields)
    for array in (data, data.view(np.recarray)):
        table = as_table(array)
        assert table.features == ("u", "v")
        np.testing.assert_array_equal(table.values, [[1, 2.5], [2, 3.5], [3, 9]])
        assert table.labels["kind"].tolist() == ["a", "b", "c"]
        assert table.labels["code"].tolist() == ["p", "q", "r"]


def test_a_mapping_of_columns():
    table = as_table({"a": [1, 2, 4], 5: jnp.arange(3.0) ** 2, "kind": ["x", "y", "x"], "n": (1, 1, 7)})
    assert table.features == ("a", "5", "n")
    np.testing.assert_array_equal(table.values, [[1, 0, 1], [2, 1, 1], [4, 4, 7]])
    assert table.labels["kind"].tolist() == ["x", "y", "x"]
    assert table.source == "dict"
    np.testing.assert_array_equal(as_table({"x": X}).values, X)


def test_labels_of_objects_are_text_and_none_is_empty():
    table = as_table({"x": [1.0, 2.0, 4.0], "gap": [1, None, 3], "kind": ["a", None, "b"]}, columns=["x"])
    assert table.labels["gap"].tolist() == ["1", "", "3"]
    assert table.labels["kind"].tolist() == ["a", "", "b"]


def test_labels_of_numbers_keep_their_kind():
    data = {"x": [1.0, 2.0, 4.0], "i": np.array([1, 2**60 + 1, 3], ">i8"), "b": [True, False, True], "f": np.ones(3, ">f2")}
    labels = as_table(data, columns=["x"]).labels
    assert [labels[name].dtype for name in ("i", "b", "f")] == [np.int64, np.bool_, np.float64]
    assert labels["i"].tolist() == [1, 2**60 + 1, 3]


def test_the_table_does_not_share_memory_with_its_source():
    x = X.copy()
    labels = np.array([1.0, 2.0, 3.0, 4.0])
    table = as_table({"a": x[:, 0], "n": labels}, columns=["a"])
    x[0, 0], labels[0] = 99.0, 99.0
    assert table.values[0, 0] == 1.0
    assert table.labels["n"][0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        table.labels["n"][0] = 5.0


def test_a_table_is_an_array_to_numpy_and_jax_and_can_be_copied():
    table = as_table(X)
    assert len(table) == 4
    assert np.shares_memory(np.asarray(table), table.values)
    assert np.asarray(table, dtype=np.float32).dtype == np.float32
    np.testing.assert_array_equal(jnp.asarray(table), X)
    for again in (pickle.loads(pickle.dumps(table)), copy.deepcopy(table)):
        np.testing.assert_array_equal(again.values, X)


def test_a_table_says_what_it_is():
    table = as_table({"a": [1, 2, 4], "b": [3, 1, 1], "kind": ["x", "y", "x"]})
    assert repr(table) == "<Table dict: 3 rows of 2 features (a, b), labels kind>"
    assert repr(as_table([1, 2])) == "<Table array: 2 rows of 1 feature (x0)>"


def test_fingerprint_is_that_of_names_shape_and_values():
    table = as_table({"a": [1.5, 2, 4], "b": [3, 1, 1]})
    content = json.dumps([["a", "b"], [3, 2]]).encode() + np.array([1.5, 3, 2, 1, 4, 1], dtype="<f8").tobytes()
    assert fingerprint(table) == hashlib.sha256(content).hexdigest()


def test_fingerprint_tells_tables_apart():
    x = as_table(X)
    assert fingerprint(x) == fingerprint(as_table(X.astype(">f4")))
    others = [
        as_table(X[::-1]),
        as_table(X[:, ::-1]),
        as_table(X.T),
        as_table({"a": X[:, 0], "x1": X[:, 1]}),
        as_table(np.nextafter(X, 10.0)),
    ]
    assert len({fingerprint(table) for table in [x, *others]}) == 6


def test_enough_rows():
    table = as_table({"a": [1.5, 2, 4]})
    check_enough_rows(table, 3)
    with pytest.raises(InputError) as caught:
        check_enough_rows(table, 4)
    assert str(caught.value) == (
        "4 components are more than the 3 rows of the data (dict): take at most 3, and far fewer if their shapes are "
        "to be learnt."
    )


def test_a_table_cannot_be_changed():
    table = as_table(X)
    assert isinstance(table, Table)
    with pytest.raises(AttributeError, match="cannot assign"):
        table.source = "elsewhere"  # pyright: ignore[reportAttributeAccessIssue]

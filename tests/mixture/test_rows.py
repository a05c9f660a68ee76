"""Rows as the pass takes them: in place where that is safe, and what their extent is."""

import jax
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.mixture.rows import centred, on_device, rows
from tests.cases import random_rows

pytestmark = pytest.mark.usefixtures("x64")


def test_a_tables_values_are_used_in_place():
    table = gp.as_table(random_rows(1000))
    held = rows(table.values)
    assert np.shares_memory(held.columns, table.values)
    assert on_device(held).columns.unsafe_buffer_pointer() == table.values.ctypes.data


def test_what_the_caller_may_write_to_is_copied():
    x = random_rows(1000)
    held = on_device(rows(x))
    x[:] = 0
    np.testing.assert_array_equal(held.columns, random_rows(1000).T)


def test_an_offset_that_can_be_removed_exactly_is():
    """Halves about 10⁸ lose nothing by it, tenths do; each feature for itself."""
    near = np.array([[0.5, 0.1], [1.5, -0.7], [-2.0, 0.3]])
    offset = np.array([1e8, 1e8])
    held = centred(rows(offset + near))
    np.testing.assert_array_equal(held.x, offset + near)
    assert (np.abs(held.columns) < 6).all()
    np.testing.assert_array_equal(held.origin + held.centre, rows(offset + near).centre)
    small = centred(rows(near))
    np.testing.assert_array_equal(small.origin, 0)
    np.testing.assert_array_equal(small.columns, near.T)


def test_an_offset_that_costs_digits_stays():
    """10⁻²⁰ + 1 is 1: taken from rows that reach to zero, an offset would not come back."""
    x = np.array([[1.0, 1.0], [1e-20, 3.0], [2.0, 2.0]])
    held = centred(rows(x))
    np.testing.assert_array_equal(held.x, x)
    assert held.origin[0] == 0
    assert held.origin[1] == 2


@pytest.mark.parametrize("weights", [None, np.array([1.0, 0.0, 2.0, 1.0])])
def test_centre_and_reach_are_of_the_rows_that_count(weights):
    x = np.array([[0.0, 1e8], [1e30, -1e30], [4.0, 1e8 + 2], [2.0, 1e8 + 1]])
    counted = x if weights is None else x[weights > 0]
    mean = counted.mean(axis=0)
    for found in (rows(x, weights), jax.jit(rows)(x, weights), on_device(rows(x, weights))):
        np.testing.assert_allclose(found.centre, mean, rtol=1e-15)
        np.testing.assert_allclose(found.reach, np.abs(counted - mean).max(axis=0), rtol=1e-7)


def test_a_sum_that_overflows_has_a_centre_all_the_same():
    found = rows(np.array([[1.7e308], [1.7e308], [1.6e308]]))
    np.testing.assert_allclose(found.centre, 1.65e308, rtol=1e-15)


def test_rows_of_which_none_counts():
    found = rows(random_rows(4), np.zeros(4))
    np.testing.assert_array_equal(found.reach, [0, 0])


def test_single_precision_counts_from_the_centre():
    x = 1e8 + random_rows(50)
    found = rows(x, single=True)
    assert found.columns.dtype == np.float32
    np.testing.assert_allclose(found.x, x, rtol=0, atol=1e-6)

"""Rows as the pass takes them: in place where that is safe, and what their extent is."""

import jax
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.mixture.rows import rows
from tests.cases import random_rows

pytestmark = pytest.mark.usefixtures("x64")


def test_a_tables_values_are_used_in_place():
    table = gp.as_table(random_rows(1000))
    assert rows(table.values).columns.unsafe_buffer_pointer() == table.values.ctypes.data


def test_what_the_caller_may_write_to_is_copied():
    x = random_rows(1000)
    held = rows(x)
    x[:] = 0
    np.testing.assert_array_equal(held.columns, random_rows(1000).T)


@pytest.mark.parametrize("weights", [None, np.array([1.0, 0.0, 2.0, 1.0])])
def test_centre_and_reach_are_of_the_rows_that_count(weights):
    x = np.array([[0.0, 1e8], [1e30, -1e30], [4.0, 1e8 + 2], [2.0, 1e8 + 1]])
    counted = x if weights is None else x[weights > 0]
    middle = counted.min(axis=0) + np.ptp(counted, axis=0) / 2
    for found in (rows(x, weights), jax.jit(rows)(x, weights)):
        np.testing.assert_allclose(found.centre, middle, rtol=1e-15)
        np.testing.assert_allclose(found.reach, np.ptp(counted, axis=0) / 2, rtol=1e-15)


def test_rows_of_which_none_counts():
    found = rows(random_rows(4), np.zeros(4))
    np.testing.assert_array_equal(found.reach, [0, 0])


def test_single_precision_counts_from_the_centre():
    x = 1e8 + random_rows(50)
    found = rows(x, single=True)
    assert found.columns.dtype == np.float32
    np.testing.assert_allclose(found.x, x, rtol=0, atol=1e-6)

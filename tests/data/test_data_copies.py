"""Columns that repeat another one, told from columns that only look like it."""

import numpy as np
import pytest

from gmm_ppl.data.copies import copies

RNG = np.random.default_rng(3)
X = RNG.normal(size=50)
Y = RNG.normal(size=50)


def pairs(*columns: np.ndarray) -> list[tuple[int, int]]:
    return [(copy.original, copy.copy) for copy in copies(np.column_stack(columns))]


@pytest.mark.parametrize(
    "copy",
    [
        X,
        -X,
        1.8 * X + 32,
        X / 3 - 1e6,
        X * 1e-100,
        X * 1e250,
        (X + 0.1) * 7,
        X + 1e8,
        np.float64(1) / 7 * X - np.pi,
    ],
)
@pytest.mark.parametrize("scale", [1.0, 1e-100, 1e50])
def test_linear_functions_are_found_at_every_scale(copy, scale):
    assert pairs(Y, X * scale, copy) == [(1, 2)]


@pytest.mark.parametrize(
    "other",
    [
        Y,
        X**2,
        np.exp(X),
        X + 1e-6 * Y,
        np.round(1.8 * X + 32, 1),
        np.where(np.arange(50) == 31, X + 1e-9, X),
        np.abs(X),
    ],
)
def test_other_columns_are_left_alone(other):
    assert pairs(X, other) == []


def test_the_line_is_told():
    (found,) = copies(np.column_stack([X, 1.8 * X + 32]))
    assert found.slope == pytest.approx(1.8, rel=1e-12)
    assert found.intercept == pytest.approx(32, rel=1e-12)


def test_a_column_is_reported_once_with_the_first_it_repeats():
    assert pairs(X, Y, X, 2 * X, -Y) == [(0, 2), (0, 3), (1, 4)]


def test_indicators():
    male = (RNG.random(50) < 0.5).astype(float)
    other = (RNG.random(50) < 0.5).astype(float)
    assert pairs(male, 1 - male) == [(0, 1)]
    assert pairs(male, other) == []


def test_columns_that_vary_by_rounding_only_are_compared_for_equality():
    noise = 1e16 + 2 * RNG.integers(0, 3, size=(50, 2))
    assert pairs(*noise.T) == []
    assert pairs(noise[:, 0], noise[:, 0]) == [(0, 1)]


def test_two_rows_always_lie_on_a_line():
    assert pairs(np.array([1.0, 2.0]), np.array([5.0, 9.0])) == []
    assert pairs(np.array([1.0, 2.0]), np.array([1.0, 2.0])) == [(0, 1)]


def test_the_whole_range_of_floats():
    largest = np.finfo(float).max
    wide = np.array([-largest, 0.5 * largest, largest, 0.0])
    assert pairs(wide, wide / 4) == [(0, 1)]
    assert pairs(wide, np.array([1.0, 2.0, 4.0, 1.0])) == []


def test_against_the_rank_of_the_standardised_columns():
    mixing = RNG.normal(size=(3, 8))
    values = RNG.normal(size=(200, 3)) @ mixing
    assert pairs(*values.T) == [], "dependence among more than two columns is another matter"
    assert pairs(*values.T, values[:, 4] * 3 - 1) == [(4, 8)]

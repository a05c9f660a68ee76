"""Centre and spread of rows against NumPy in longer precision, and what is refused."""

import jax
import numpy as np
import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.scale import data_scale
from tests.cases import random_rows

X = random_rows(20, 3)


def test_centre_covariance_and_deviations():
    scale = data_scale(X)
    np.testing.assert_allclose(scale.centre, X.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(scale.covariance, np.cov(X.T, bias=True), rtol=1e-13)
    np.testing.assert_allclose(scale.deviations, X.std(axis=0), rtol=1e-13)


@pytest.mark.parametrize("power", [-100, 0, 100])
@pytest.mark.parametrize(("offset", "tolerance"), [(1e8, 1e-10), (-1e12, 1e-7)])
def test_offsets_and_units_cost_no_more_than_the_data_lost(offset, tolerance, power):
    """The centre is rounded by 10⁻¹⁶ of the offset; the covariance is off by the square of that."""
    unit = 10.0**power
    rows = (X + offset) * unit
    exact = rows.astype(np.longdouble) - rows[0].astype(np.longdouble)
    scale = data_scale(rows)
    np.testing.assert_allclose(scale.covariance, np.cov(exact.T.astype(float), bias=True), rtol=tolerance)


def test_rows_that_jax_traces_give_the_same(x64):
    traced = jax.jit(data_scale)(X)
    np.testing.assert_allclose(traced.centre, data_scale(X).centre, rtol=1e-13)
    np.testing.assert_allclose(traced.covariance, data_scale(X).covariance, rtol=1e-12)


def column(value):
    rows = X.copy()
    rows[:, 1] = value
    return rows


ADVICE = (
    "squares of that leave double precision, or are zero. Leave out a constant feature; rescale any other, by changing its "
    "unit for example."
)
REFUSALS = {
    "constant feature": (column(4.0), f"feature 1 spreads over 0: {ADVICE}"),
    "too small": (column(np.arange(20) * 1e-150), f"feature 1 spreads over 1.9e-149: {ADVICE}"),
    "too large": (column(np.linspace(-1e200, 1e200, 20)), f"feature 1 spreads over 2e+200: {ADVICE}"),
    "not a number": (column(np.nan), f"feature 1 spreads over nan: {ADVICE}"),
    "one axis": (X[:, 0], "rows must have shape (N, D); given (20,). A single feature is x[:, None]."),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case):
    rows, message = REFUSALS[case]
    with pytest.raises(InputError) as caught:
        data_scale(rows)
    assert str(caught.value) == message

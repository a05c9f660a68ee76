"""Rows in single precision: the same fit to the digits that they have, parameters and sums in double precision."""

import jax
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.mixture.data_pass import expected_statistics
from gmm_ppl.mixture.rows import rows
from tests.cases import FAMILY_NAMES, random_parameters
from tests.inference.oracles import overlapping_rows

X = overlapping_rows(400, 3)


@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_a_fit_is_that_of_double_precision(family, offset):
    """Far from the origin too: rows are counted from their centre before they are rounded."""
    mixture = gp.Mixture(2, family)
    double, single = (gp.fit(mixture, X + offset, starts=3, precision=each) for each in ("double", "single"))
    assert single.status is gp.Status.CONVERGED
    np.testing.assert_allclose(single.objective, double.objective, atol=1e-5 * len(X))
    assert all(leaf.dtype == np.float64 for leaf in jax.tree.leaves(single.parameters))


def test_sums_are_carried_in_double_precision(x64):
    """10⁶ rows of the same value: a carry in single precision would stop counting at 2²⁴ and lose digits long before."""
    x = np.tile([[0.25, -0.5]], (1_000_000, 1)) + np.random.default_rng(0).normal(size=(1_000_000, 1)) * [1.0, 2.0]
    parameters = random_parameters("diagonal")
    (value, found), (wanted_value, wanted) = (
        jax.jit(expected_statistics)(rows(x, single=single), parameters) for single in (True, False)
    )
    assert found.count.dtype == np.float64
    np.testing.assert_allclose(value, wanted_value, rtol=1e-6)
    np.testing.assert_allclose(found.count, wanted.count, rtol=1e-5)
    np.testing.assert_allclose(found.scatter, wanted.scatter, rtol=1e-5)


def test_an_unknown_precision_is_refused():
    with pytest.raises(gp.InputError, match="precision: choose double or single; given 'half'"):
        gp.fit(gp.Mixture(2), X, precision="half")

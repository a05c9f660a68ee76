"""A range of numbers of components: each the fit that its number has alone."""

import jax
import numpy as np
import pytest

import gmm_ppl as gp
from tests.cases import FAMILY_NAMES
from tests.inference.oracles import overlapping_rows

X = overlapping_rows(60, 3)
NUMBERS = [3, 1, 2]


@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("statement", ["flat", "weak", {"kind": "conjugate", "concentration": 1.7}], ids=str)
def test_each_number_is_fitted_as_if_alone(family, statement):
    mixture = gp.Mixture(1, family, statement)
    found = gp.fit_range(mixture, X, NUMBERS, starts=3, seed=1)
    assert list(found) == sorted(NUMBERS)
    for number, fit in found.items():
        alone = gp.fit(gp.Mixture(number, family, statement), X, starts=3, seed=1)
        assert fit.parameters.shape == alone.parameters.shape
        assert fit.mixture.components == number
        assert fit.status is alone.status
        assert fit.log_likelihood + fit.log_prior == fit.objective == alone.objective
        for name, value in fit.sites.items():
            np.testing.assert_array_equal(value, alone.sites[name])
        np.testing.assert_array_equal(fit.restarts.trace, alone.restarts.trace)


def test_objectives_are_those_of_the_parameters_that_are_returned():
    found = gp.fit_range(gp.Mixture(1), X, NUMBERS, starts=2)
    for fit in found.values():
        with jax.enable_x64(True):
            target = gp.posterior(fit.mixture, X)
            value = jax.jit(lambda sites, target=target: target.log_joint(sites))(fit.sites)
        np.testing.assert_allclose(value, fit.objective, rtol=1e-12)


def test_priors_without_a_closed_step_are_fitted_one_by_one():
    found = gp.fit_range(gp.Mixture(1, "diagonal", "separated"), X, [1, 2], starts=1)
    assert [fit.parameters.weights.size for fit in found.values()] == [1, 2]


def test_the_default_search_of_each_number_is_its_own():
    """With short runs, splits and merges: the other numbers do not matter."""
    x = gp.datasets.load("galaxies")
    found = gp.fit_range(gp.Mixture(1), x, [3, 4])
    for number, fit in found.items():
        assert fit.objective == gp.fit(gp.Mixture(number), x).objective


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ([], "components: give different whole numbers, such as range(1, 10); given []."),
        ([2, 2], "components: give different whole numbers, such as range(1, 10); given [2, 2]."),
        ([0, 1], "components must be a whole number from 1; given 0."),
        ([1.5, 2], "components must be a whole number from 1; given 1.5."),
        (5, "components: give several whole numbers, such as range(1, 10); given 5."),
        (None, "components: give several whole numbers, such as range(1, 10); given None."),
        ([2, 61], "61 components are more than the 60 rows"),
    ],
)
def test_numbers_that_cannot_be(numbers, wanted):
    with pytest.raises(gp.InputError) as caught:
        gp.fit_range(gp.Mixture(1), X, numbers)
    assert str(caught.value).startswith(wanted)


def test_a_given_start_is_refused():
    with pytest.raises(gp.InputError, match="needs the name of a start"):
        gp.fit_range(gp.Mixture(1), X, [1, 2], start=np.zeros(60, int))

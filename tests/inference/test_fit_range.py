"""A range of numbers of components: each the fit that its number has alone, all from one compiled program."""

import logging

import jax
import numpy as np
import pytest

import gmm_ppl as gp
from tests.cases import FAMILY_NAMES, random_rows
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
        np.testing.assert_allclose(fit.objective, alone.objective, atol=1e-8 * len(X))
        np.testing.assert_allclose(fit.log_likelihood + fit.log_prior, fit.objective, rtol=1e-14)
        np.testing.assert_allclose(fit.parameters.weights.sum(), 1, rtol=1e-12)
        # Sorted, since either may have kept another of several starts that found the same optimum under other labels.
        np.testing.assert_allclose(np.sort(fit.parameters.means, axis=0), np.sort(alone.parameters.means, axis=0), atol=1e-3)


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


def test_nothing_is_compiled(caplog):
    with caplog.at_level(logging.WARNING, logger="jax"), jax.log_compiles(True):
        gp.fit_range(gp.Mixture(1), random_rows(37), range(1, 6), starts=2)
    assert not [record for record in caplog.records if "compilation" in record.getMessage()]


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ([], "components: give different whole numbers, such as range(1, 10); given []."),
        ([2, 2], "components: give different whole numbers, such as range(1, 10); given [2, 2]."),
        ([0, 1], "components must be a whole number from 1; given 0."),
    ],
)
def test_numbers_that_cannot_be(numbers, wanted):
    with pytest.raises(gp.InputError) as caught:
        gp.fit_range(gp.Mixture(1), X, numbers)
    assert str(caught.value) == wanted


def test_a_given_start_is_refused():
    with pytest.raises(gp.InputError, match="needs the name of a start"):
        gp.fit_range(gp.Mixture(1), X, [1, 2], start=np.zeros(60, int))

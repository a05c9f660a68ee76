"""Marginals and conditionals against integration and ratios of densities; draws against their exact moments."""

import jax
import numpy as np
import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.operations import conditional, draw, marginal
from tests.cases import FAMILY_NAMES, random_parameters
from tests.mixture import oracles

EACH = pytest.mark.parametrize("name", FAMILY_NAMES)
GRID = np.linspace(-25, 25, 2001)


def density(x, parameters):
    return np.exp(oracles.log_density(x, parameters))


@EACH
@pytest.mark.parametrize("kept", [0, 1])
def test_a_marginal_is_the_joint_integrated(name, kept):
    parameters = random_parameters(name)
    points = np.array([-1.5, 0.2, 2.0])
    for point in points:
        line = np.empty((GRID.size, 2))
        line[:, kept], line[:, 1 - kept] = point, GRID
        integral = np.trapezoid(density(line, parameters), GRID)
        found = density(np.array([[point]]), marginal(parameters, kept))
        np.testing.assert_allclose(found, integral, rtol=1e-10)


@EACH
def test_a_marginal_keeps_the_order_that_was_asked_for(name):
    parameters = random_parameters(name, features=3)
    part = marginal(parameters, [2, 0])
    np.testing.assert_array_equal(part.means, parameters.means[:, [2, 0]])
    np.testing.assert_array_equal(part.covariances, parameters.covariances[:, [2, 0]][:, :, [2, 0]])
    # Of the same family where that can hold it: with all features it always can.
    assert type(part.covariance) in FAMILIES.values()


@EACH
def test_a_conditional_is_the_joint_over_the_marginal(name):
    parameters = random_parameters(name, features=3)
    value = np.array([0.7, -1.1])
    rest = conditional(parameters, [2, 0], value)
    free = np.linspace(-4, 4, 9)
    rows = np.column_stack([np.full(9, value[1]), free, np.full(9, value[0])])
    ratio = oracles.log_density(rows, parameters) - oracles.log_density(value[None], marginal(parameters, [2, 0]))
    np.testing.assert_allclose(oracles.log_density(free[:, None], rest), ratio, rtol=1e-10)


@EACH
def test_a_conditional_on_one_feature_integrates_to_one(name):
    rest = conditional(random_parameters(name), 1, [0.3])
    np.testing.assert_allclose(np.trapezoid(density(GRID[:, None], rest), GRID), 1, rtol=1e-10)
    np.testing.assert_allclose(rest.weights.sum(), 1, rtol=1e-14)


def test_marginal_of_a_conditional_is_the_conditional_of_a_marginal():
    parameters = random_parameters("full", features=3)
    one_way = marginal(conditional(parameters, [2], [0.4]), [0])
    other = conditional(marginal(parameters, [0, 2]), [1], [0.4])
    for found, wanted in zip(jax.tree.leaves(one_way), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


@EACH
def test_draws_have_the_mixtures_moments(name):
    """Each estimate within five of its own standard errors."""
    rows, parameters = 20_000, random_parameters(name)
    x, labels = draw(parameters, rows, seed=3)
    assert x.dtype == np.float64
    counts = np.bincount(labels, minlength=3)
    weights = parameters.weights
    assert (np.abs(counts - rows * weights) < 5 * np.sqrt(rows * weights * (1 - weights))).all()
    for component, covariance in enumerate(parameters.covariances):
        residuals = x[labels == component] - parameters.means[component]
        size = len(residuals)
        assert (np.abs(residuals.mean(axis=0)) < 5 * np.sqrt(np.diagonal(covariance) / size)).all()
        variances = np.diagonal(covariance)
        # Var of a normal's sample covariance: (Σ_ii Σ_jj + Σ_ij²) / n.
        error = np.sqrt((variances[:, None] * variances + covariance**2) / size)
        assert (np.abs(residuals.T @ residuals / size - covariance) < 5 * error).all()


def test_draws_are_settled_by_their_seed():
    parameters = random_parameters("tied")
    first, again, other = (draw(parameters, 5, seed=seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_nothing_is_drawn_from_a_component_of_weight_zero():
    parameters = random_parameters("full")
    emptied = type(parameters)(np.array([0.5, 0.0, 0.5]), parameters.means, parameters.covariance)
    assert set(draw(emptied, 200, seed=0)[1].tolist()) == {0, 2}


def test_the_callers_precision_is_left_alone():
    before = jax.config.jax_enable_x64
    assert conditional(random_parameters("full"), 0, [0.0]).means.dtype == np.float64
    assert marginal(random_parameters("full"), 0).weights.dtype == np.float64
    assert jax.config.jax_enable_x64 == before


PARAMETERS = random_parameters("full")
REFUSALS = {
    "feature out of range": (
        lambda: marginal(PARAMETERS, [0, 2]),
        "kept must be distinct feature positions from 0 to 1; given [0, 2].",
    ),
    "negative feature": (
        lambda: marginal(PARAMETERS, -1),
        "kept must be distinct feature positions from 0 to 1; given -1.",
    ),
    "feature twice": (
        lambda: marginal(PARAMETERS, [1, 1]),
        "kept must be distinct feature positions from 0 to 1; given [1, 1].",
    ),
    "no feature": (
        lambda: marginal(PARAMETERS, []),
        "kept must be distinct feature positions from 0 to 1; given [].",
    ),
    "feature by name": (
        lambda: conditional(PARAMETERS, ["height"], [1.0]),
        "given must be distinct feature positions from 0 to 1; given ['height'].",
    ),
    "every feature": (
        lambda: conditional(PARAMETERS, [0, 1], [1.0, 2.0]),
        "given names every feature: nothing is left to condition.",
    ),
    "too many values": (
        lambda: conditional(PARAMETERS, 0, [1.0, 2.0]),
        "values must be 1 finite numbers, one for each given feature; given [1.0, 2.0].",
    ),
    "value that is no number": (
        lambda: conditional(PARAMETERS, 0, [np.nan]),
        "values must be 1 finite numbers, one for each given feature; given [nan].",
    ),
    "value beyond reach": (
        lambda: conditional(PARAMETERS, 0, [1e200]),
        "the values [1e+200] lie too far from every component to condition on.",
    ),
    "no rows": (
        lambda: draw(PARAMETERS, 0, seed=0),
        "rows must be at least 1; given 0.",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case):
    call, message = REFUSALS[case]
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message

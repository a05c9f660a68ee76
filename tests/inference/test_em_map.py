"""MAP: the fit is where the log joint density is flat in the stated coordinates, and what it reports is true there."""

import jax
import numpy as np
import pytest

import gmm_ppl as gp
from tests.cases import FAMILY_NAMES
from tests.inference import programs
from tests.inference.oracles import K, N, log_likelihood, log_prior, overlapping_rows, site_gradient, stated_gradient

CLOSED = [(family, kind) for family in FAMILY_NAMES for kind in ("flat", "weak", "conjugate")]
EVERYDAY = {("full", "separated"), ("diagonal", "separated"), ("full", "program")}
"""Of the priors without a closed form; the other families take as long again, and are slow."""


def inner(kind):
    """All families with a prior whose M-step is an inner climb."""
    pairs = [(family, kind) for family in FAMILY_NAMES]
    return [pair if pair in EVERYDAY else pytest.param(*pair, marks=pytest.mark.slow) for pair in pairs]


DIRECT = CLOSED + inner("separated")
PROGRAMS = inner("program")
EVERY = pytest.mark.parametrize(("family", "kind"), DIRECT + PROGRAMS)


@EVERY
def test_converged(fits, family, kind):
    assert fits(family, kind).status is gp.Status.CONVERGED


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("family", "kind"), DIRECT)
def test_gradient_is_zero_in_the_stated_coordinates(fits, family, kind):
    fit = fits(family, kind)
    gradient = stated_gradient(gp.posterior(fit.mixture, overlapping_rows()), fit.parameters)
    np.testing.assert_allclose(gradient / N, np.zeros(gradient.size), atol=1e-7)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("family", "kind"), PROGRAMS)
def test_gradient_is_zero_in_a_programs_own_sites(fits, family, kind):
    fit = fits(family, kind)
    gradient = site_gradient(gp.posterior(fit.mixture, overlapping_rows()), fit.sites)
    np.testing.assert_allclose(gradient / N, np.zeros(gradient.size), atol=1e-7)


@EVERY
def test_likelihood_belongs_to_the_parameters(fits, family, kind):
    fit = fits(family, kind)
    np.testing.assert_allclose(fit.log_likelihood, log_likelihood(overlapping_rows(), fit.parameters), rtol=1e-12)


@pytest.mark.parametrize(("family", "kind"), DIRECT)
def test_prior_belongs_to_the_parameters(fits, family, kind):
    fit = fits(family, kind)
    wanted = log_prior(fit.parameters, fit.mixture.prior)
    np.testing.assert_allclose(fit.log_prior, wanted, rtol=1e-7 if kind == "separated" else 1e-12, atol=1e-12)
    assert fit.objective == fit.log_posterior == fit.log_likelihood + fit.log_prior


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("family", "kind"), PROGRAMS)
def test_a_programs_sites_make_its_parameters(fits, family, kind):
    fit = fits(family, kind)
    assert set(fit.sites) >= {"spread", "centre", "offsets", "weights", "deviations"}
    posterior = gp.posterior(fit.mixture, overlapping_rows())
    likelihood, prior, parameters = jax.tree.map(np.asarray, posterior.log_terms(fit.sites))
    np.testing.assert_allclose([likelihood, prior], [fit.log_likelihood, fit.log_prior], rtol=1e-11)
    for given, made in zip(jax.tree.leaves(fit.parameters), jax.tree.leaves(parameters), strict=True):
        np.testing.assert_allclose(given, made, rtol=1e-12)


@pytest.mark.slow
def test_a_program_that_states_the_conjugate_prior_has_its_map(fits):
    closed = fits("full", "conjugate")
    program = gp.fit(gp.Mixture(K, "full", programs.conjugate), overlapping_rows(), starts=3, tolerance=1e-15, max_steps=2000)
    np.testing.assert_allclose(program.objective, closed.objective, rtol=1e-12)
    np.testing.assert_allclose(program.restarts.objective, closed.restarts.objective, rtol=1e-12)
    for given, wanted in zip(jax.tree.leaves(program.parameters), jax.tree.leaves(closed.parameters), strict=True):
        np.testing.assert_allclose(given, wanted, rtol=1e-6)


@pytest.mark.parametrize(("family", "kind"), DIRECT)
def test_no_neighbour_is_higher(fits, family, kind, rng):
    """By SciPy alone: every small move of the parameters lowers likelihood + prior."""
    fit, x = fits(family, kind), overlapping_rows()
    top = log_likelihood(x, fit.parameters) + log_prior(fit.parameters, fit.mixture.prior)
    for _ in range(20):
        moved = neighbour(fit.parameters, rng)
        assert log_likelihood(x, moved) + log_prior(moved, fit.mixture.prior) < top


def neighbour(parameters, rng, size=0.02):
    """Parameters moved by about `size` of their own scale, in a random direction."""
    weights = parameters.weights * (1 + size * rng.standard_normal(K))
    deviations = np.sqrt(np.diagonal(parameters.covariances, axis1=1, axis2=2))
    means = parameters.means + size * deviations * rng.standard_normal(parameters.means.shape)
    values = parameters.covariance.values
    if parameters.covariance.matrix:
        turn = np.eye(values.shape[-1]) + size * rng.standard_normal(values.shape)
        values = turn @ values @ np.swapaxes(turn, -1, -2)
        values = (values + np.swapaxes(values, -1, -2)) / 2
    else:
        values = values * (1 + size * rng.standard_normal(values.shape))
    return gp.mixture_parameters(weights / weights.sum(), means, values, covariance=parameters.covariance.name)

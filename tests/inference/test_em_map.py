"""MAP: the fit is where the log joint density of the sites is flat, and what it reports is true there."""

import jax
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.mixture.parameters import MixtureParameters
from tests.cases import FAMILY_NAMES, coordinates_site, priors_of
from tests.inference import programs
from tests.inference.oracles import K, N, log_likelihood, log_prior, overlapping_rows, site_gradient

CLOSED = [(family, kind) for family in FAMILY_NAMES for kind in ("flat", "weak", "conjugate")]
EVERYDAY = {("full", "separated"), ("diagonal", "separated"), ("full", "program")}
"""Of the priors without one step to the mode. Of a program only the names of its parts tell families apart."""


def inner(pairs):
    """Families and priors whose M-step is an inner climb."""
    return [pair if pair in EVERYDAY else pytest.param(*pair, marks=pytest.mark.slow) for pair in pairs]


DIRECT = CLOSED + inner((family, "separated") for family in FAMILY_NAMES if "separated" in priors_of(family))
PROGRAMS = inner([*((family, "program") for family in ("full", "diagonal", "full_tied_volume")), ("full", "correlations")])
EVERY = pytest.mark.parametrize(("family", "kind"), DIRECT + PROGRAMS)


@EVERY
def test_converged(fits, family, kind):
    assert fits(family, kind).status is gp.Status.CONVERGED


@pytest.mark.usefixtures("x64")
@EVERY
def test_gradient_is_zero_in_the_priors_own_sites(fits, family, kind):
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
    own = {"correlations": ["deviations", "correlations"], "program": map(coordinates_site, fit.parameters.covariance.sites)}
    assert set(fit.sites) == {"spread", "centre", "offsets", "weights", *own[kind]}
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
    real = {
        name: each + size * scale_of(each) * rng.standard_normal(each.shape) for name, each in parameters.covariance.real.items()
    }
    return MixtureParameters(weights / weights.sum(), means, type(parameters.covariance).from_real(real))


def scale_of(coordinates):
    """Their size, where that is above 1: logarithms are near 0."""
    return np.maximum(1, np.abs(coordinates))

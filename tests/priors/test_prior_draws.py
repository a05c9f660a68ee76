"""Draws from priors against the exact moments of their laws, within Monte-Carlo error.

Each family once, under one prior or the other: compiling samplers is what these tests spend their time on.
"""

import equinox as eqx
import jax
import numpy as np
import pytest
from numpyro import distributions as dist

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.specification import as_jax
from gmm_ppl.priors import resolve_prior
from gmm_ppl.priors.sites import draw_sites
from gmm_ppl.priors.weights import WeightsLaw
from tests.cases import mixture_shape, prior_statement, random_rows
from tests.priors.oracles import stated_conjugate, stated_separated

pytestmark = pytest.mark.usefixtures("x64")
DATA = data_scale(random_rows(30))
DRAWS = 8_000


@eqx.filter_jit
def many(prior, shape, keys):
    return jax.vmap(lambda key: draw_sites(prior, shape, key))(keys)


def drawn(family, statement):
    prior = resolve_prior(statement, mixture_shape(family), DATA)
    sites, parameters = many(as_jax(prior), mixture_shape(family), jax.random.split(jax.random.key(1), DRAWS))
    return prior, jax.tree.map(np.asarray, sites), jax.tree.map(np.asarray, parameters)


def check_mean(values, wanted):
    error = values.std(axis=0) / np.sqrt(len(values))
    assert (np.abs(values.mean(axis=0) - wanted) < 5 * error).all()


@pytest.mark.parametrize("family", ["full", "diagonal"])
def test_conjugate_moments(family):
    prior, sites, parameters = drawn(family, stated_conjugate(family))
    alpha, degrees, scale = np.array([1.5, 2.0, 3.0]), 9.0, np.asarray(prior.scale)
    check_mean(sites["weights"], alpha / alpha.sum())
    check_mean(sites["means"], np.array([0.5, -1.0]))
    # Inverse-Wishart: Ψ / (ν − D − 1); inverse-gamma(ν/2, ψ/2): ψ / (ν − 2).
    expected = scale / (degrees - 3) if parameters.covariance.matrix else scale / (degrees - 2)
    check_mean(parameters.covariance.values, expected)
    variance = np.diagonal(expected) if parameters.covariance.matrix else expected
    check_mean((sites["means"] - np.array([0.5, -1.0])) ** 2, variance / 0.3)


@pytest.mark.parametrize("family", ["tied", "spherical"])
def test_separated_moments(family):
    prior, sites, parameters = drawn(family, stated_separated(family))
    scale = np.asarray(prior.scale)
    check_mean(sites["weights"], np.array([1.5, 2.0, 3.0]) / 6.5)
    check_mean((sites["means"] - np.array([0.5, -1.0])) ** 2, np.array([4.0, 9.0]))
    # E σ² = τ², and correlations are as often positive as negative.
    check_mean(parameters.covariance.values, np.diag(scale**2) if parameters.covariance.matrix else scale**2)


def test_a_program_draws_parameters_of_a_mixture():
    family = "full"
    prior = resolve_prior(prior_statement(family, "program"), mixture_shape(family), DATA)
    keys = jax.random.split(jax.random.key(2), 50)
    sites, parameters = many(as_jax(prior), mixture_shape(family), keys)
    np.testing.assert_allclose(parameters.weights.sum(axis=1), np.ones(50), rtol=1e-12)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(sites))
    assert {name: value.shape[1:] for name, value in sites.items()} == {
        name: size for name, (size, _) in prior.supports(mixture_shape(family)).items()
    }


def test_nothing_is_drawn_from_the_flat_prior():
    prior = resolve_prior("flat", mixture_shape("full"), DATA)
    with pytest.raises(InputError) as caught:
        draw_sites(prior, mixture_shape("full"), jax.random.key(0))
    assert str(caught.value) == ("prior flat: nothing can be drawn from an improper prior. Choose another, or state the values.")


def test_the_law_of_weights_is_numpyros_dirichlet_inside_the_simplex():
    concentration = np.array([[1.0, 1.0, 1.0], [0.5, 2.0, 1.0]])
    ours, theirs = WeightsLaw(concentration), dist.Dirichlet(concentration)
    weights = np.random.default_rng(0).dirichlet(np.ones(3), size=(4, 2))
    assert (ours.batch_shape, ours.event_shape) == (theirs.batch_shape, theirs.event_shape)
    np.testing.assert_allclose(jax.jit(ours.log_prob)(weights), jax.jit(theirs.log_prob)(weights), rtol=1e-12)

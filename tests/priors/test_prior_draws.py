"""Draws from a prior against the exact moments of its laws, within Monte-Carlo error.

One prior stands for all: the laws of sites are tested by their densities, our own law of covariances by its draws beside
this file, and NumPyro's samplers are NumPyro's to test.
"""

import equinox as eqx
import jax
import numpy as np
import pytest
from gmm_ppl.priors.weights import WeightsLaw
from numpyro import distributions as dist

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.specification import as_jax
from gmm_ppl.priors import resolve_prior
from gmm_ppl.priors.sites import draw_sites
from tests.cases import mixture_shape, random_rows
from tests.priors.oracles import stated_conjugate

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


def test_conjugate_moments():
    family = "full"
    prior, sites, parameters = drawn(family, stated_conjugate(family))
    alpha, degrees, scale = np.array([1.5, 2.0, 3.0]), 9.0, np.asarray(prior.scale)
    check_mean(sites["weights"], alpha / alpha.sum())
    check_mean(sites["means"], np.array([0.5, -1.0]))
    # Inverse-Wishart: Ψ / (ν − D − 1).
    expected = scale / (degrees - 3)
    check_mean(parameters.covariance.values, expected)
    check_mean((sites["means"] - np.array([0.5, -1.0])) ** 2, np.diagonal(expected) / 0.3)


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

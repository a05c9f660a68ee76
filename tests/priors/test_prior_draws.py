"""Draws from a prior against the exact moments of its laws, within Monte-Carlo error.

The laws of sites are tested by their densities, our own law of covariances by its draws beside this file, and NumPyro's samplers
are NumPyro's to test; families whose covariances are made of several parts draw them jointly.
"""

import equinox as eqx
import jax
import numpy as np
import pytest
from numpyro import distributions as dist
from numpyro import handlers

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.specification import as_jax
from gmm_ppl.priors import resolve_prior
from gmm_ppl.priors.laws import WeightsLaw
from gmm_ppl.priors.sites import draw_sites, median_sites
from tests.cases import DRAWABLE, FAMILY_NAMES, mixture_shape, prior_statement, random_rows
from tests.priors.oracles import SCALE, stated_conjugate

pytestmark = pytest.mark.usefixtures("x64")
DATA = data_scale(random_rows(30))
DRAWS = 2_000
JOINT = [family for family in FAMILY_NAMES if len(FAMILIES[family].parts) > 1]


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
    prior, sites, parameters = drawn("full", stated_conjugate("full"))
    alpha, scale = np.array([1.5, 2.0, 3.0]), np.asarray(prior.scale)
    check_mean(sites["weights"], alpha / alpha.sum())
    check_mean(sites["means"], np.array([0.5, -1.0]))
    # Inverse-Wishart: Ψ / (ν − D − 1).
    expected = scale / (9.0 - 3)
    check_mean(parameters.covariance.covariances, expected)
    check_mean((sites["means"] - np.array([0.5, -1.0])) ** 2, np.diagonal(expected) / 0.3)


@pytest.mark.parametrize("family", JOINT)
def test_joint_draws_follow_the_density(family):
    """Scores have mean zero: E[∂ log p / ∂c] = 0 under p, for the coordinates c of every site."""
    prior, sites, parameters = drawn(family, stated_conjugate(family))
    shape = mixture_shape(family)
    real = jax.vmap(lambda each: prior.unconstrain(shape, each))(sites)
    scores = jax.jit(jax.vmap(jax.grad(lambda each: as_jax(prior).log_density_of_real(shape, each)[0])))(real)
    for name, score in scores.items():
        check_mean(np.asarray(score), np.zeros(score.shape[1:]))
        assert np.asarray(real[name]).std() > 0.1
    # And a fixed scale of all covariances: tr(Ψ Σ_k⁻¹) counts as many degrees of freedom as the density has.
    inverse = np.linalg.inv(parameters.covariance.dense(3, 2))
    traces = np.trace(family_scale(family) @ inverse, axis1=-2, axis2=-1).sum(axis=-1)
    count = np.asarray(prior.kernel(shape).count)[0] - 1
    check_mean(traces, 3 * 2 * count)


def family_scale(family):
    """Ψ of the stated prior as a matrix."""
    return SCALE if FAMILIES[family].moment.axes == 2 else np.diag(np.diagonal(SCALE))


@pytest.mark.parametrize(("family", "kind"), DRAWABLE)
def test_draws_and_their_middle_lie_in_the_supports(family, kind):
    shape, key = mixture_shape(family), jax.random.key(2)
    prior = as_jax(resolve_prior(prior_statement(family, kind), shape, DATA))
    # As many draws as the middle is made of, operation by operation: families and priors share what is compiled.
    sites, parameters = jax.vmap(lambda each: draw_sites(prior, shape, each))(jax.random.split(key, 16))
    for found, lanes in ((median_sites(prior, shape, key), ()), (sites, (16,))):
        real = prior.unconstrain(shape, found)
        assert {name: each.shape for name, each in real.items()} == {
            name: (*lanes, *each) for name, each in prior.real_shapes(shape).items()
        }
    for part in shape.parts:
        for each in np.asarray(parameters.sites[part.name]):
            part.support.check(np.asarray(each), part.name)


def test_nothing_is_drawn_from_the_flat_prior():
    prior = resolve_prior("flat", mixture_shape("full"), DATA)
    with pytest.raises(InputError) as caught:
        draw_sites(prior, mixture_shape("full"), jax.random.key(0))
    assert str(caught.value) == ("prior flat: nothing can be drawn from an improper prior. Choose another, or state the values.")


def test_a_draw_is_not_seen_by_the_model_around_it():
    prior, shape = resolve_prior("weak", mixture_shape("full"), DATA), mixture_shape("full")
    with handlers.trace() as trace, handlers.seed(rng_seed=0):
        draw_sites(as_jax(prior), shape, jax.random.key(0))
    assert not trace


def test_the_law_of_weights_is_numpyros_dirichlet_inside_the_simplex():
    concentration = np.array([[1.0, 1.0, 1.0], [0.5, 2.0, 1.0]])
    ours, theirs = WeightsLaw(concentration), dist.Dirichlet(concentration)
    weights = np.random.default_rng(0).dirichlet(np.ones(3), size=(4, 2))
    assert (ours.batch_shape, ours.event_shape) == (theirs.batch_shape, theirs.event_shape)
    np.testing.assert_allclose(jax.jit(ours.log_prob)(weights), jax.jit(theirs.log_prob)(weights), rtol=1e-12)

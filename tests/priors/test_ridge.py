"""The ridge: its M-step maximises its own density, and at 0 it is the flat prior."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gmm_ppl.mixture.coordinates import from_coordinates, to_coordinates

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.data_pass import expected_statistics
from gmm_ppl.mixture.density import expected_log_likelihood
from gmm_ppl.mixture.rows import rows
from gmm_ppl.priors.flat import FlatPrior
from gmm_ppl.priors.ridge import ROWS, RidgePrior
from gmm_ppl.priors.sites import draw_sites, log_prior
from tests.cases import FAMILY_NAMES, mixture_shape, random_parameters, random_rows

EACH = pytest.mark.parametrize("family", FAMILY_NAMES)


def statistics_at(family: str):
    parameters = jax.tree.map(jnp.asarray, random_parameters(family))
    return expected_statistics(rows(random_rows(60)), parameters)[1]


@EACH
@pytest.mark.usefixtures("x64")
def test_m_step_is_the_top(family):
    prior, shape, statistics = RidgePrior(jnp.asarray(7.0)), mixture_shape(family), statistics_at(family)
    deviations = jnp.ones(shape.features)

    def objective(flat):
        parameters = from_coordinates(flat, shape, deviations)
        return expected_log_likelihood(statistics, parameters) + log_prior(prior, shape, parameters.sites)[0]

    top = to_coordinates(prior.maximise(statistics, shape), deviations)
    value, gradient = jax.jit(jax.value_and_grad(objective))(top)
    assert np.abs(gradient).max() < 1e-9
    near = top + 0.01 * jax.random.normal(jax.random.key(0), (100, top.size))
    assert (jax.jit(jax.vmap(objective))(near) < value).all()


@EACH
@pytest.mark.usefixtures("x64")
def test_density_by_definition(family):
    parameters = random_parameters(family)
    found = log_prior(RidgePrior(jnp.asarray(7.0)), mixture_shape(family), jax.tree.map(jnp.asarray, parameters.sites))[0]
    each = [7 * np.trace(np.linalg.inv(matrix)) + ROWS * np.linalg.slogdet(matrix)[1] for matrix in parameters.covariances]
    assert float(found) == pytest.approx(-sum(each) / 2, rel=1e-14)


@EACH
@pytest.mark.usefixtures("x64")
def test_without_a_ridge_it_is_flat(family):
    prior, shape, statistics = RidgePrior(jnp.zeros(())), mixture_shape(family), statistics_at(family)
    own, flat = prior.maximise(statistics, shape), FlatPrior().maximise(statistics, shape)
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(own), jax.tree.leaves(flat), strict=True))
    assert float(log_prior(prior, shape, own.sites)[0]) == 0


@pytest.mark.usefixtures("x64")
def test_nothing_can_be_drawn():
    prior = RidgePrior(jnp.asarray(7.0))
    assert prior.numbers() == {"ridge": 7.0}
    assert r"\lambda = 7" in prior.formulae(mixture_shape("full"))[0]
    with pytest.raises(InputError, match="prior ridge: nothing can be drawn from an improper prior"):
        draw_sites(prior, mixture_shape("full"), jax.random.key(0))

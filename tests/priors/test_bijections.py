"""Unconstrained coordinates: there and back, into the support, with the Jacobian that autodiff finds."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from numpyro.distributions import constraints

from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.specification import as_jax
from gmm_ppl.priors import resolve_prior
from gmm_ppl.priors.sites import constrain, log_jacobian, unconstrain, unconstrained_shapes
from tests.cases import FAMILY_NAMES, mixture_shape, prior_statement, random_rows

pytestmark = pytest.mark.usefixtures("x64")
DATA = data_scale(random_rows(30))
# Every kind that samples the parameters themselves has the supports of the flat prior.
CASES = [(family, "flat") for family in FAMILY_NAMES] + [("full", "program")]


def free(support, value):
    """The coordinates of a site that are not settled by the others."""
    if support is constraints.simplex:
        return value[:-1]
    if support is constraints.positive_definite or getattr(support, "base_constraint", None) is constraints.positive_definite:
        rows, columns = np.tril_indices(value.shape[-1])
        return value[..., rows, columns].ravel()
    return value.ravel()


@eqx.filter_jit
def facts(prior, shape, unconstrained):
    flat, unravel = ravel_pytree(unconstrained)
    supports = prior.supports(shape)

    def forward(each):
        sites = constrain(prior, shape, unravel(each))
        return jnp.concatenate([free(supports[name][1], value) for name, value in sites.items()])

    sites = constrain(prior, shape, unconstrained)
    back = unconstrain(prior, shape, sites)
    return sites, back, log_jacobian(prior, shape, unconstrained), jax.jacfwd(forward)(flat)


@pytest.mark.parametrize(("family", "kind"), CASES)
def test_bijections(family, kind):
    shape = mixture_shape(family)
    prior = as_jax(resolve_prior(prior_statement(family, kind), shape, DATA))
    rng = np.random.default_rng(6)
    unconstrained = {name: rng.normal(size=size) for name, size in unconstrained_shapes(prior, shape).items()}
    sites, back, jacobian, matrix = facts(prior, shape, unconstrained)
    for name, (size, support) in prior.supports(shape).items():
        assert sites[name].shape == size
        assert np.all(support(sites[name]))
        np.testing.assert_allclose(back[name], unconstrained[name], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(jacobian, np.linalg.slogdet(matrix)[1], rtol=1e-9)

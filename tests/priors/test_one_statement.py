"""One statement of a prior: NumPyro's own density of its program is the prior's, of sites and of unconstrained coordinates."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro import handlers
from numpyro.distributions import biject_to
from numpyro.infer.util import log_density, potential_energy

from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.mixture.supports import VOLUME
from gmm_ppl.model.specification import as_jax
from gmm_ppl.priors import resolve_prior
from gmm_ppl.priors.ridge import RidgePrior
from tests.cases import EVERY, FAMILY_NAMES, mixture_shape, prior_statement, random_rows
from tests.priors.oracles import stated_conjugate, stated_separated

pytestmark = pytest.mark.usefixtures("x64")
DATA = data_scale(random_rows(30))
STATED = {"conjugate": stated_conjugate, "separated": stated_separated}


def stated(family, kind):
    """With numbers that differ wherever they can."""
    statement = STATED[kind](family) if kind in STATED else prior_statement(family, kind)
    return resolve_prior(statement, mixture_shape(family), DATA)


def measures(shape, sites):
    """What NumPyro's measure of sites, Lebesgue's, leaves of ours, which takes volumes by their logarithms."""
    return sum(jnp.sum(jnp.log(sites[part.name])) for part in shape.parts if part.support is VOLUME and part.name in sites)


@eqx.filter_jit
def facts(prior, shape, real):
    """Ours, and NumPyro's of the program."""

    def program():
        prior.sample_parameters(shape)

    sites = prior.constrain(shape, real)
    at_sites, parameters = prior.log_density(shape, sites)
    at_real, there = prior.log_density_of_real(shape, real)
    with handlers.block(), handlers.substitute(data=sites):
        made = prior.sample_parameters(shape)
    theirs = log_density(program, (), {}, sites)[0] + measures(shape, sites), -potential_energy(program, (), {}, real)
    return (at_sites, at_real), theirs, (parameters, there, made)


def check(prior, shape, seed):
    rng = np.random.default_rng(seed)
    real = {name: jnp.asarray(0.7 * rng.normal(size=size)) for name, size in prior.real_shapes(shape).items()}
    ours, theirs, found = facts(as_jax(prior), shape, real)
    np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11)
    for name, value in found[0].sites.items():
        for other in found[1:]:
            np.testing.assert_allclose(other.sites[name], value, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("family", "kind"), EVERY)
def test_the_program_and_the_density_are_one(family, kind):
    check(stated(family, kind), mixture_shape(family), 3)


SIZES = ((1, 3), (4, 1))


@pytest.mark.parametrize(("family", "components", "features"), [(name, *SIZES[at % 2]) for at, name in enumerate(FAMILY_NAMES)])
def test_at_other_sizes(family, components, features):
    shape = mixture_shape(family, components, features)
    check(resolve_prior("weak", shape, data_scale(random_rows(30, features))), shape, 4)


@pytest.mark.parametrize("family", ["tied", "diagonal_tied_shape"])
def test_a_ridge_is_a_factor(family):
    check(RidgePrior(np.asarray(7.0)), mixture_shape(family), 5)


@pytest.mark.parametrize(("family", "kind"), EVERY)
def test_sites_lie_where_the_program_says(family, kind):
    """The support that NumPyro reads off the program holds our sites, and its own maps invert ours."""
    prior, shape = as_jax(stated(family, kind)), mixture_shape(family)
    rng = np.random.default_rng(7)
    real = {name: jnp.asarray(0.7 * rng.normal(size=size)) for name, size in prior.real_shapes(shape).items()}
    sites = prior.constrain(shape, real)
    with handlers.block(), handlers.trace() as trace, handlers.substitute(data=sites), handlers.seed(rng_seed=0):
        prior.sample_parameters(shape)
    sampled = {name: site for name, site in trace.items() if site["type"] == "sample" and not site["is_observed"]}
    assert set(sampled) == set(sites)
    for name, site in sampled.items():
        assert np.all(site["fn"].support(sites[name]))
        transform = biject_to(site["fn"].support)
        assert transform.inverse_shape(site["fn"].shape()) == real[name].shape
        np.testing.assert_allclose(transform.inv(sites[name]), real[name], rtol=1e-9, atol=1e-9)

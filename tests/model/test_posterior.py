"""The posterior as NumPyro sees it, and the same density as plain functions: every family under every prior."""

import equinox as eqx
import jax
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from numpyro.infer.util import log_density, potential_energy

import gmm_ppl as gp
from gmm_ppl.errors import InputError
from tests.cases import FAMILY_NAMES, PRIOR_KINDS, prior_statement, random_rows
from tests.mixture import oracles
from tests.priors.test_one_statement import measures

X = random_rows(7)
CASES = [(family, "weak") for family in FAMILY_NAMES] + [("tied", kind) for kind in PRIOR_KINDS if kind != "weak"]
"""Priors themselves are held against their programs in `tests/priors/test_one_statement.py`."""


@eqx.filter_jit
def facts(posterior, unconstrained):
    """Ours and NumPyro's at one point."""
    sites = posterior.constrain(unconstrained)
    model = posterior.model()
    likelihood, prior, parameters = posterior.log_terms(sites)
    return {
        "likelihood": likelihood,
        "prior": prior,
        "parameters": parameters,
        "joint": posterior.log_joint(sites),
        "density": posterior.log_density(unconstrained),
        "their_joint": log_density(model, (), {}, sites)[0] + measures(posterior.shape, sites),
        "their_density": -potential_energy(model, (), {}, unconstrained),
    }


def random_point(posterior, seed=3):
    rng = np.random.default_rng(seed)
    shapes = posterior.prior.real_shapes(posterior.shape)
    return {name: 0.7 * rng.normal(size=shape) for name, shape in shapes.items()}


@pytest.mark.parametrize(("family", "kind"), CASES)
def test_the_program_and_the_functions_are_one_density(family, kind, x64):
    posterior = gp.posterior(gp.Mixture(3, family, prior_statement(family, kind)), X)
    for seed in (3, 4):
        found = jax.tree.map(np.asarray, facts(posterior, random_point(posterior, seed)))
        np.testing.assert_allclose(found["likelihood"], oracles.log_density(X, found["parameters"]).sum(), rtol=1e-10)
        np.testing.assert_allclose(found["joint"], found["likelihood"] + found["prior"], rtol=1e-13)
        np.testing.assert_allclose(found["joint"], found["their_joint"], rtol=1e-11)
        np.testing.assert_allclose(found["density"], found["their_density"], rtol=1e-11)


def test_first_points_of_chains_are_drawn_from_the_prior(x64):
    posterior = gp.posterior(gp.Mixture(3, "tied", prior_statement("tied", "program")), X)
    points = eqx.filter_jit(lambda each, key: each.init_params(key, 4))(posterior, jax.random.key(0))
    shapes = posterior.prior.real_shapes(posterior.shape)
    assert {name: value.shape for name, value in points.items()} == {name: (4, *shape) for name, shape in shapes.items()}
    flat = np.stack([ravel_pytree(jax.tree.map(lambda leaf, i=i: leaf[i], points))[0] for i in range(4)])
    assert np.isfinite(flat).all()
    assert len(np.unique(flat[:, 0])) == 4


def test_sites_and_back(x64):
    posterior = gp.posterior(gp.Mixture(3), X)
    point = random_point(posterior)
    sites, back = jax.jit(lambda each: (posterior.constrain(each), posterior.unconstrain(posterior.constrain(each))))(point)
    assert set(sites) == {"weights", "means", "covariances"}
    for name, value in back.items():
        np.testing.assert_allclose(value, point[name], rtol=1e-9, atol=1e-9)
    parameters = eqx.filter_jit(posterior.parameters)(sites)
    np.testing.assert_array_equal(parameters.covariance.covariances, sites["covariances"])


def test_densities_can_be_mapped_and_differentiated(x64):
    posterior = gp.posterior(gp.Mixture(3, "tied"), X)
    points = [random_point(posterior, seed) for seed in (3, 4)]
    stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *points)
    mapped = jax.vmap(jax.value_and_grad(lambda each: posterior.log_density(each)))
    values, gradients = jax.jit(mapped)(stacked)
    for index, point in enumerate(points):
        np.testing.assert_allclose(values[index], facts(posterior, point)["density"], rtol=1e-12)
    step = 1e-6
    ends = [{**points[0], "means": points[0]["means"] + sign * step} for sign in (1, -1)]
    slope = np.subtract(*(facts(posterior, each)["density"] for each in ends)) / (2 * step)
    np.testing.assert_allclose(gradients["means"][0].sum(), slope, rtol=1e-6)


def test_nothing_is_drawn_under_the_flat_prior(x64):
    with pytest.raises(InputError, match="prior flat: nothing can be drawn from an improper prior"):
        gp.posterior(gp.Mixture(3, prior="flat"), X).init_params(jax.random.key(0), 2)


@pytest.mark.parametrize("double", [True, False])
def test_it_is_in_the_precision_in_force(double):
    with jax.enable_x64(double):
        posterior = gp.posterior(gp.Mixture(3), X)
    wanted = np.float64 if double else np.float32
    assert {leaf.dtype for leaf in jax.tree.leaves(posterior)} == {np.dtype(wanted)}

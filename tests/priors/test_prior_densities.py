"""The density of every prior against scipy, and every statement of a prior against itself read back."""

import json

import equinox as eqx
import jax
import numpy as np
import pytest
from latex2mathml.converter import convert

from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.specification import as_jax
from gmm_ppl.priors import resolve_prior
from gmm_ppl.priors.sites import log_prior
from tests.cases import EVERY, FAMILY_NAMES, PRIOR_KINDS, mixture_shape, prior_statement, random_parameters, random_rows
from tests.priors.oracles import conjugate_log_density, separated_log_density, stated_conjugate, stated_separated

pytestmark = pytest.mark.usefixtures("x64")
DATA = data_scale(random_rows(30))
density = eqx.filter_jit(log_prior)


def evaluated(prior, parameters):
    value, returned = density(as_jax(prior), parameters.shape, parameters.sites)
    for found, wanted in zip(jax.tree.leaves(returned), jax.tree.leaves(parameters), strict=True):
        np.testing.assert_array_equal(found, wanted)
    return float(value)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("state", [stated_conjugate, lambda family: "weak"], ids=["stated", "weak"])
def test_conjugate_density_by_hand(family, state, seed):
    prior = resolve_prior(state(family), mixture_shape(family), DATA)
    parameters = random_parameters(family, seed=seed)
    np.testing.assert_allclose(evaluated(prior, parameters), conjugate_log_density(parameters, prior), rtol=1e-11)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("state", [stated_separated, lambda family: "separated"], ids=["stated", "default"])
def test_separated_density_by_hand(family, state, seed):
    prior = resolve_prior(state(family), mixture_shape(family), DATA)
    parameters = random_parameters(family, seed=seed)
    np.testing.assert_allclose(evaluated(prior, parameters), separated_log_density(parameters, prior), rtol=1e-8)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_flat_density_is_one(family):
    prior = resolve_prior("flat", mixture_shape(family), DATA)
    assert evaluated(prior, random_parameters(family)) == 0


@pytest.mark.parametrize("kind", ["weak", "separated"])
def test_a_weight_of_zero_has_a_density_where_concentration_is_one(kind):
    prior = resolve_prior(kind, mixture_shape("full"), DATA)
    parameters = random_parameters("full")
    emptied = MixtureParameters(np.array([0.4, 0.0, 0.6]), parameters.means, parameters.covariance)
    # Dirichlet(1, 1, 1) is Γ(3) everywhere on the simplex, its edges included.
    assert evaluated(prior, emptied) == pytest.approx(evaluated(prior, parameters), rel=1e-14)
    gradient = jax.jit(jax.grad(lambda sites: log_prior(as_jax(prior), parameters.shape, sites)[0]))(emptied.sites)
    np.testing.assert_array_equal(gradient["weights"], np.zeros(3))


def test_a_weight_of_zero_is_impossible_where_concentration_is_more():
    prior = resolve_prior({"kind": "conjugate", "concentration": 2.0}, mixture_shape("full"), DATA)
    parameters = random_parameters("full")
    emptied = MixtureParameters(np.array([0.4, 0.0, 0.6]), parameters.means, parameters.covariance)
    assert evaluated(prior, emptied) == -np.inf


@pytest.mark.parametrize(("family", "kind"), [(family, kind) for family, kind in EVERY if kind != "program"])
def test_numbers_are_the_prior(family, kind):
    """What is written to files makes the same prior again, whatever the data."""
    shape = mixture_shape(family)
    prior = resolve_prior(kind, shape, DATA)
    written = json.loads(json.dumps({"kind": prior.kind, **prior.numbers()}))
    again = resolve_prior(written, shape, data_scale(random_rows(30, seed=9)))
    assert type(again) is type(prior)
    for found, wanted in zip(jax.tree.leaves(again), jax.tree.leaves(prior), strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(("family", "kind"), EVERY)
def test_formulae_are_latex_that_a_page_can_show(family, kind):
    prior = resolve_prior(prior_statement(family, kind), mixture_shape(family), DATA)
    lines = prior.formulae(mixture_shape(family))
    assert lines
    for line in lines:
        assert line.count("{") == line.count("}")
        assert convert(line).startswith("<math")


@pytest.mark.parametrize(("family", "kind"), EVERY)
def test_supports_name_every_site_of_the_program(family, kind):
    prior = resolve_prior(prior_statement(family, kind), mixture_shape(family), DATA)
    supports = prior.supports(mixture_shape(family))
    if kind == "program":
        assert set(supports) == {"breaks", "centre", "offsets", "roots" if FAMILIES[family].matrix else "scales"}
    else:
        assert {name: shape for name, (shape, _) in supports.items()} == {
            name: np.shape(value) for name, value in random_parameters(family).sites.items()
        }


@pytest.mark.parametrize("kind", PRIOR_KINDS)
def test_defaults_have_a_mode(kind):
    assert resolve_prior(prior_statement("full", kind), mixture_shape("full"), DATA).bounded() is True


@pytest.mark.parametrize("kind", ["conjugate", "separated"])
def test_a_concentration_below_one_has_no_mode(kind):
    numbers = {"kind": kind, "concentration": [1.0, 0.9, 2.0]}
    assert resolve_prior(numbers, mixture_shape("full"), DATA).bounded() is False

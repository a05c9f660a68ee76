"""The density of every prior against scipy, in NumPy and in JAX, and every statement of a prior against itself read back."""

import json
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from latex2mathml.converter import convert

from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.specification import as_jax
from gmm_ppl.priors import resolve_prior
from gmm_ppl.priors.ridge import ROWS, RidgePrior
from tests.cases import (
    EVERY,
    FAMILY_NAMES,
    PRIOR_KINDS,
    coordinates_site,
    mixture_shape,
    prior_statement,
    random_parameters,
    random_real,
    random_rows,
)
from tests.priors.oracles import conjugate_log_density, separated_log_density, stated_conjugate, stated_separated

pytestmark = pytest.mark.usefixtures("x64")
DATA = data_scale(random_rows(30))
SEPARABLE = [family for family in FAMILY_NAMES if len(FAMILIES[family].parts) == 1]
DIRECT = [(family, kind) for family, kind in EVERY if kind != "program"]


@eqx.filter_jit
def density(prior, shape, sites):
    return prior.log_density(shape, sites)


def evaluated(prior, parameters):
    """In both namespaces, which agree to the last digits; NumPy's answer is NumPy's."""
    shape = parameters.shape
    plain, same = prior.log_density(shape, parameters.sites)
    assert isinstance(plain, np.ndarray | np.generic)
    value, returned = density(as_jax(prior), shape, jax.tree.map(jnp.asarray, parameters.sites))
    for found in (same, returned):
        for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(parameters), strict=True):
            np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(value, plain, rtol=1e-13, atol=1e-13)
    return float(plain)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("state", [stated_conjugate, lambda family: "weak"], ids=["stated", "weak"])
def test_conjugate_density_by_hand(family, state, seed):
    prior = resolve_prior(state(family), mixture_shape(family), DATA)
    parameters = random_parameters(family, seed=seed)
    np.testing.assert_allclose(evaluated(prior, parameters), conjugate_log_density(parameters, prior), rtol=1e-11)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("family", SEPARABLE)
@pytest.mark.parametrize("state", [stated_separated, lambda family: "separated"], ids=["stated", "default"])
def test_separated_density_by_hand(family, state, seed):
    prior = resolve_prior(state(family), mixture_shape(family), DATA)
    parameters = random_parameters(family, seed=seed)
    np.testing.assert_allclose(evaluated(prior, parameters), separated_log_density(parameters, prior), rtol=1e-8)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_flat_density_is_one(family):
    prior = resolve_prior("flat", mixture_shape(family), DATA)
    assert evaluated(prior, random_parameters(family)) == 0


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_ridge_density_by_definition(family):
    parameters = random_parameters(family)
    each = [7 * np.trace(np.linalg.inv(matrix)) + ROWS * np.linalg.slogdet(matrix)[1] for matrix in parameters.covariances]
    assert evaluated(RidgePrior(np.asarray(7.0)), parameters) == pytest.approx(-sum(each) / 2, rel=1e-13)


@pytest.mark.parametrize(("family", "kind"), DIRECT)
def test_several_mixtures_at_once(family, kind):
    prior = resolve_prior(kind, mixture_shape(family), DATA)
    several = random_parameters(family, lanes=(2, 4))
    shape = mixture_shape(family)
    each = [prior.log_density_at(jax.tree.map(lambda leaf, place=place: leaf[place], several)) for place in np.ndindex(2, 4)]
    together = prior.log_density_at(several)
    assert together.shape == (2, 4)
    np.testing.assert_allclose(together.ravel(), each, rtol=1e-13, atol=1e-13)
    real = prior.unconstrain(shape, several.sites)
    jacobians = [
        prior.log_density_of_real(shape, {name: value[place] for name, value in real.items()})[0] for place in np.ndindex(2, 4)
    ]
    np.testing.assert_allclose(np.asarray(prior.log_density_of_real(shape, real)[0]).ravel(), jacobians, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("family", "kind"), EVERY)
def test_coordinates_in_both_namespaces(family, kind):
    """NumPy's and JAX's sites, coordinates and densities of coordinates; programs are JAX's own."""
    shape = mixture_shape(family)
    prior = resolve_prior(prior_statement(family, kind), shape, DATA)
    rng = np.random.default_rng(6)
    real = {name: 0.7 * rng.normal(size=size) for name, size in prior.real_shapes(shape).items()}

    @eqx.filter_jit
    def facts(prior, real):
        sites = prior.constrain(shape, real)
        return sites, prior.unconstrain(shape, sites), prior.log_density_of_real(shape, real)

    sites, back, (value, parameters) = facts(as_jax(prior), jax.tree.map(jnp.asarray, real))
    for name in real:
        np.testing.assert_allclose(back[name], real[name], rtol=1e-11, atol=1e-11)
    if kind == "program":
        return
    assert {name: site.shape for name, site in sites.items()} == dict(shape.part_shapes)
    plain = prior.constrain(shape, real)
    plain_value, plain_parameters = prior.log_density_of_real(shape, real)
    assert all(isinstance(each, np.ndarray | np.generic) for each in (plain_value, *plain.values()))
    np.testing.assert_allclose(value, plain_value, rtol=1e-12, atol=1e-12)
    for name in plain:
        np.testing.assert_allclose(sites[name], plain[name], rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(parameters.sites[name], plain_parameters.sites[name], rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(prior.unconstrain(shape, plain)[name], real[name], rtol=1e-11, atol=1e-11)


OFFSET = np.array([3.0, -70.0])


@pytest.mark.parametrize(("family", "kind"), EVERY)
def test_a_shifted_prior_says_the_same_of_shifted_means(family, kind):
    shape = mixture_shape(family)
    statement = stated_conjugate(family) if kind == "conjugate" else prior_statement(family, kind)
    prior = resolve_prior(statement, shape, DATA)
    moved = prior.shifted(OFFSET)
    if kind == "program":
        assert moved is None
        return
    parameters = random_parameters(family)
    there = MixtureParameters(parameters.weights, parameters.means - OFFSET, parameters.covariance)
    assert type(moved) is type(prior)
    np.testing.assert_allclose(moved.log_density_at(there), prior.log_density_at(parameters), rtol=1e-12)
    if kind != "flat":
        assert prior.log_density_at(there) < prior.log_density_at(parameters) - 1


def test_a_ridge_does_not_care_where_means_are():
    parameters = random_parameters("full")
    prior = RidgePrior(np.asarray(7.0))
    there = MixtureParameters(parameters.weights, parameters.means - OFFSET, parameters.covariance)
    assert prior.shifted(OFFSET).log_density_at(there) == prior.log_density_at(parameters)


def emptied(parameters):
    """With a component that has no weight."""
    return MixtureParameters(np.array([0.4, 0.0, 0.6]), parameters.means, parameters.covariance)


@pytest.mark.parametrize("kind", ["weak", "separated"])
def test_a_weight_of_zero_has_a_density_where_concentration_is_one(kind):
    prior = resolve_prior(kind, mixture_shape("full"), DATA)
    parameters = random_parameters("full")
    # Dirichlet(1, 1, 1) is Γ(3) everywhere on the simplex, its edges included.
    assert evaluated(prior, emptied(parameters)) == pytest.approx(evaluated(prior, parameters), rel=1e-14)
    gradient = jax.jit(jax.grad(lambda sites: as_jax(prior).log_density(parameters.shape, sites)[0]))(emptied(parameters).sites)
    np.testing.assert_array_equal(gradient["weights"], np.zeros(3))


def test_a_weight_of_zero_is_impossible_where_concentration_is_more():
    prior = resolve_prior({"kind": "conjugate", "concentration": 2.0}, mixture_shape("full"), DATA)
    assert evaluated(prior, emptied(random_parameters("full"))) == -np.inf


@pytest.mark.parametrize(("family", "kind"), DIRECT)
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
def test_coordinates_are_named_for_every_site_of_the_program(family, kind):
    member, shape = FAMILIES[family], mixture_shape(family)
    shapes = resolve_prior(prior_statement(family, kind), shape, DATA).real_shapes(shape)
    covariances = {name: real.shape for name, real in random_real(np.random.default_rng(0), member, 3, 2).items()}
    if kind == "program":
        named = {coordinates_site(name): size for name, size in covariances.items()}
        assert shapes == {"breaks": (2,), "centre": (2,), "offsets": (3, 2), **named}
    else:
        assert shapes == {"weights": (2,), "means": (3, 2), **covariances}


def test_nothing_of_jax_is_needed():
    """The densities, coordinates and modes of every prior but programs, in a process that has no JAX."""
    script = """
import sys
sys.modules["jax"] = sys.modules["numpyro"] = None
import numpy as np
from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.mixture.statistics import no_statistics
from gmm_ppl.priors import resolve_prior
data, rng = data_scale(np.random.default_rng(0).normal(size=(30, 2))), np.random.default_rng(1)
for family in FAMILIES.values():
    shape = MixtureShape(3, 2, family)
    for kind in ("weak", "flat", "separated")[: 3 if len(family.parts) == 1 else 2]:
        prior = resolve_prior(kind, shape, data)
        real = {name: rng.normal(size=size) for name, size in prior.real_shapes(shape).items()}
        value, parameters = prior.log_density_of_real(shape, real)
        assert np.isfinite(value) and np.isfinite(prior.shifted(np.ones(2)).log_density(shape, parameters.sites)[0])
        posterior = prior.kernel(shape).given(no_statistics(parameters.means, family.moment))
        posterior.slope(posterior.raised(parameters))
"""
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("kind", PRIOR_KINDS)
def test_defaults_have_a_mode(kind):
    assert resolve_prior(prior_statement("full", kind), mixture_shape("full"), DATA).bounded() is True


@pytest.mark.parametrize("kind", ["conjugate", "separated"])
def test_a_concentration_below_one_has_no_mode(kind):
    numbers = {"kind": kind, "concentration": [1.0, 0.9, 2.0]}
    assert resolve_prior(numbers, mixture_shape("full"), DATA).bounded() is False


def test_the_laws_of_one_matrix_and_of_one_variance_are_one():
    """In one feature InverseWishart(ν, ψ) is InverseGamma(ν/2, ψ/2)."""
    statement = {"kind": "conjugate", "mean": 0.5, "degrees_of_freedom": 5.0, "scale": 1.7}
    full = random_parameters("full", features=1)
    diagonal = FAMILIES["diagonal"](full.covariance.covariances[..., 0])
    found = [
        resolve_prior(statement, parameters.shape, data_scale(random_rows(30, 1))).log_density_at(parameters)
        for parameters in (full, MixtureParameters(full.weights, full.means, diagonal))
    ]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-13)

"""Sites of programs on every support of NumPyro's that has coordinates: there and back, densities, draws, beginnings."""

from functools import cache, partial
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pytest
from numpyro import distributions as dist
from numpyro.distributions import biject_to, constraints, transforms
from numpyro.infer.util import potential_energy

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.priors import resolve_prior
from gmm_ppl.priors.bijections import CONSTRAINTS, bijection, constraint_of
from gmm_ppl.priors.sites import draw_sites, median_sites
from tests.cases import FAMILY_NAMES, mixture_shape, random_parameters, random_rows

pytestmark = pytest.mark.usefixtures("x64")
DATA = data_scale(random_rows(30))
SHAPE = mixture_shape("spherical")

SUPPORTS = {
    "real": (constraints.real, ()),
    "vector": (constraints.real_vector, (3,)),
    "matrix": (constraints.real_matrix, (3, 2)),
    "complex": (constraints.complex, ()),
    "positive": (constraints.positive, (2,)),
    "nonnegative": (constraints.nonnegative, ()),
    "softplus positive": (constraints.softplus_positive, ()),
    "greater than": (constraints.greater_than(jnp.array([1.0, -2.0])), (2,)),
    "greater than or equal": (constraints.greater_than_eq(1.0), ()),
    "less than": (constraints.less_than(1.0), (2,)),
    "less than or equal": (constraints.less_than_eq(1.0), ()),
    "unit interval": (constraints.unit_interval, ()),
    "interval": (constraints.interval(jnp.array([-1.0, 0.0]), 2.0), (2,)),
    "open interval": (constraints.open_interval(-1.0, 2.0), ()),
    "circular": (constraints.circular, ()),
    "simplex": (constraints.simplex, (3,)),
    "simplices": (constraints.independent(constraints.simplex, 1), (2, 3)),
    "l1 ball": (constraints.l1_ball, (3,)),
    "zero sum": (constraints.zero_sum(2), (3, 4)),
    "ordered": (constraints.ordered_vector, (3,)),
    "positive ordered": (constraints.positive_ordered_vector, (3,)),
    "lower Cholesky": (constraints.lower_cholesky, (3, 3)),
    "scaled Cholesky": (constraints.scaled_unit_lower_cholesky, (3, 3)),
    "softplus Cholesky": (constraints.softplus_lower_cholesky, (3, 3)),
    "correlation Cholesky": (constraints.corr_cholesky, (3, 3)),
    "correlation matrix": (constraints.corr_matrix, (3, 3)),
    "positive definite": (constraints.positive_definite, (3, 3)),
    "positive semidefinite": (constraints.positive_semidefinite, (3, 3)),
    "pieces": (constraints.cat([constraints.positive, constraints.real], -1, [2, 1]), (3,)),
    "unit product": (constraint_of(mixture_shape("diagonal_tied_shape").family.parts[1]), (3,)),
    "unit determinant": (constraint_of(mixture_shape("full_tied_volume").family.parts[1]), (2, 3, 3)),
}
ORDERED = transforms.OrderedTransform()
LAWS = {
    "ordered": dist.TransformedDistribution(dist.Normal(0.0, 3.0).expand([3]), ORDERED),
    "positive ordered": dist.TransformedDistribution(
        dist.Normal(0.0, 1.0).expand([3]), transforms.ComposeTransform([ORDERED, transforms.ExpTransform()])
    ),
    "circular": dist.VonMises(0.5, 2.0),
    "interval": dist.Uniform(jnp.array([-1.0, 0.0]), 2.0).to_event(1),
    "truncated": dist.TruncatedNormal(0.0, 1.0, low=jnp.array([-1.0, 0.5]), high=jnp.array([2.0, 2.0])).to_event(1),
    "simplices": dist.Dirichlet(jnp.array([1.0, 2.0, 3.0])).expand([2]).to_event(1),
    "zero sum": dist.ZeroSumNormal(1.5, (4,)),
    "correlation Cholesky": dist.LKJCholesky(3, 2.0),
    "correlation matrix": dist.LKJ(3, 2.0),
    "matrices": dist.Wishart(5.0, scale_matrix=jnp.eye(3)).expand([2]).to_event(1),
    "positive": dist.HalfCauchy(2.0).expand([2]).to_event(1),
}


@cache
def sampling(law):
    """A program whose only site has this law."""
    return partial(one_site, law=law)


def one_site(components, features, *, law):
    site = numpyro.sample("site", law)
    return jnp.ones(3) / 3, jnp.zeros((3, 2)) + jnp.sum(jnp.real(site)), jnp.ones(3)


def resolved(law):
    return resolve_prior(sampling(law), SHAPE, DATA)


def check(prior, support, size, seed=3):
    """Into the support and back, with NumPyro's density of the coordinates."""
    shapes = prior.real_shapes(SHAPE)
    real = {"site": jnp.asarray(0.7 * np.random.default_rng(seed).normal(size=shapes["site"]))}

    @jax.jit
    def facts(real):
        sites = prior.constrain(SHAPE, real)
        density, parameters = prior.log_density_of_real(SHAPE, real)
        theirs = -potential_energy(lambda: prior.sample_parameters(SHAPE), (), {}, real)
        return sites, prior.unconstrain(SHAPE, sites), density, jnp.real(theirs), parameters

    sites, back, density, theirs, parameters = facts(real)
    assert sites["site"].shape == size
    assert np.all(support(sites["site"]))
    np.testing.assert_allclose(back["site"], real["site"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(density, theirs, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(parameters.means, np.full((3, 2), np.sum(np.real(sites["site"]))), rtol=1e-13)


@pytest.mark.parametrize("name", SUPPORTS)
def test_every_support(name):
    support, size = SUPPORTS[name]
    prior = resolved(dist.ImproperUniform(support, (), size))
    check(prior, support, size)
    # Nothing can be drawn of it, but EM begins somewhere.
    assert prior.proper is False
    with pytest.raises(InputError, match="prior program: nothing can be drawn from an improper prior"):
        draw_sites(prior, SHAPE, jax.random.key(0))
    assert np.all(support(median_sites(prior, SHAPE, jax.random.key(0))["site"]))


@pytest.mark.parametrize("name", LAWS)
def test_laws_with_draws(name):
    law = LAWS[name]
    prior = resolved(law)
    check(prior, law.support, law.shape())
    assert prior.proper is True
    drawn = draw_sites(prior, SHAPE, jax.random.key(1))[0]["site"]
    assert np.all(law.support(drawn))
    other = draw_sites(prior, SHAPE, jax.random.key(2))[0]["site"]
    assert np.any(drawn != other)


def test_every_support_is_all_of_numpyros():
    def kinds(support):
        return {type(support)} | (kinds(support.base_constraint) if hasattr(support, "base_constraint") else set())

    assert set(biject_to._registry) == set().union(*(kinds(support) for support, _ in SUPPORTS.values()))


class Circulant(dist.Distribution):
    """A law on a support without coordinates."""

    support = constraints.positive_definite_circulant_vector
    arg_constraints: ClassVar[dict] = {}

    def __init__(self):
        super().__init__((), (4,))


@pytest.mark.parametrize(
    ("law", "name"),
    [
        (dist.ImproperUniform(constraints.sphere, (), (3,)), "Sphere"),
        (dist.ProjectedNormal(jnp.ones(3)), "Sphere"),
        (Circulant(), "PositiveDefiniteCirculantVector"),
    ],
    ids=["improper", "proper", "circulant"],
)
def test_a_support_without_coordinates_is_refused(law, name):
    with pytest.raises(InputError) as caught:
        resolved(law)
    assert str(caught.value) == (
        f"prior program: site 'site' has no coordinates on the real line: NumPyro knows no bijection to its support ({name}). "
        "Sample what it can be made of, and make it in the program."
    )


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_parts_lie_where_their_constraints_say(family):
    parameters = random_parameters(family)
    for part in parameters.shape.parts:
        constraint, values = constraint_of(part), jnp.asarray(parameters.sites[part.name])
        assert bool(jnp.all(constraint(values)))
        assert not bool(jnp.all(constraint(values * jnp.nan)))
        assert bool(jnp.all(constraint(constraint.feasible_like(values))))
        transform = bijection(constraint)
        np.testing.assert_allclose(transform.inv(values), part.support.to_real(values), rtol=1e-12, atol=1e-13)
        assert transform.inverse_shape(values.shape) == part.support.to_real(values).shape
        assert transform.forward_shape(part.support.to_real(values).shape) == values.shape
        assert type(biject_to(constraint).codomain) is type(constraint)


@pytest.mark.parametrize("support", [each for each in CONSTRAINTS if each.axes], ids=lambda each: type(each).__name__)
def test_values_off_a_support_are_told(support):
    constraint = CONSTRAINTS[support]
    inside = jnp.asarray(support.from_real(np.full(support.count(3), 0.3)))
    assert bool(constraint(inside))
    assert not bool(constraint(1.5 * inside)) or type(support).__name__ == "PositiveDefinite"
    assert not bool(constraint(-inside))

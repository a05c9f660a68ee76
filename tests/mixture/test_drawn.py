"""Draws of covariances that are made of several parts, against integrals of their density and against Stein's identities."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.covariance.diagonal_tied_shape import TiedShapeDiagonalCovariance
from gmm_ppl.mixture.covariance.full_tied_volume import TiedVolumeCovariance
from tests.cases import random_matrix, random_real

pytestmark = pytest.mark.usefixtures("x64")

JOINT = {family.name: family for family in FAMILIES.values() if len(family.parts) > 1}
EACH = pytest.mark.parametrize("family", JOINT.values(), ids=JOINT)
MANY = 6_000


def log_density(family, count, scatter, real):
    """−½ Σ_k (c_k log |Σ_k| + tr(Ψ Σ_k⁻¹)) for coordinates: the Jacobians of the supports included."""
    covariance = family.from_real(real)
    size = scatter.shape[-1]
    jacobians = sum(jnp.sum(part.support.log_jacobian(real[part.name])) for part in family.parts)
    return jacobians - jnp.sum(count * covariance.log_determinant(size) + covariance.trace_precision(scatter)) / 2


def drawn_real(family, count, scatter, components, many=MANY, seed=0):
    """Coordinates of many draws."""
    draw = jax.jit(jax.vmap(lambda key: family.drawn(key, count, scatter, components).real))
    return draw(jax.random.split(jax.random.key(seed), many))


def problem(family, components, features, seed=3):
    """Counts, one each or one for all, and a scatter that is not round."""
    rng = np.random.default_rng(seed)
    count = rng.uniform(2 * features, 3 * features + 3, size=components)
    return count, family.moment.from_matrix(random_matrix(rng, features) * np.exp(rng.normal()))


@EACH
@pytest.mark.parametrize(("components", "features"), [(1, 2), (2, 1), (3, 3)])
def test_steins_identities(family, components, features):
    """E ∂_i log p = 0 and E u_i ∂_j log p = −δ_ij for the very density that is claimed, each within its own error."""
    count, scatter = problem(family, components, features)
    real = drawn_real(family, count, scatter, components)
    flat = jax.vmap(lambda each: ravel_pytree(each)[0])(real)
    slopes = jax.jit(jax.vmap(lambda each: ravel_pytree(jax.grad(partial(log_density, family, count, scatter))(each))[0]))(real)
    flat, slopes = np.asarray(flat), np.asarray(slopes)
    found = np.concatenate([slopes, (flat[:, :, None] * slopes[:, None, :]).reshape(MANY, -1)], axis=1)
    wanted = np.concatenate([np.zeros(flat.shape[1]), -np.eye(flat.shape[1]).ravel()])
    error = found.std(axis=0) / np.sqrt(MANY)
    assert (np.abs(found.mean(axis=0) - wanted) < 4.5 * error + 1e-12).all()


def integrals(family, count, scatter, axes, functions):
    """Means of functions of coordinates, by sums over a grid."""
    shapes = {part.name: part.real_shape(count.size, scatter.shape[-1]) for part in family.parts}
    unravel = ravel_pytree({name: jnp.zeros(shape) for name, shape in shapes.items()})[1]
    points = jnp.stack([each.ravel() for each in jnp.meshgrid(*axes, indexing="ij")], axis=-1)

    @jax.jit
    def summed(points):
        density = jax.vmap(lambda each: log_density(family, count, scatter, unravel(each)))(points)
        weights = jnp.exp(density)
        return jnp.sum(weights), [jnp.sum(weights * jax.vmap(lambda each, f=f: f(unravel(each)))(points)) for f in functions]

    total, sums = 0.0, np.zeros(len(functions))
    for block in jnp.array_split(points, 20):
        part, found = summed(block)
        total, sums = total + float(part), sums + np.array([float(each) for each in found])
    return sums / total


def check_means(functions, real, wanted):
    for function, expected in zip(functions, wanted, strict=True):
        values = np.asarray(jax.vmap(function)(real))
        assert abs(values.mean() - expected) < 4.5 * values.std() / np.sqrt(len(values)), (values.mean(), expected)


def test_one_shape_and_two_volumes_by_integration():
    count, scatter = np.array([6.0, 9.0]), np.array([1.0, 3.0])
    functions = [
        lambda real: real["shape"][0],
        lambda real: real["shape"][0] ** 2,
        lambda real: real["volumes"][0],
        lambda real: real["volumes"][1] ** 2,
        lambda real: real["volumes"][0] * real["volumes"][1],
        lambda real: real["volumes"][0] * real["shape"][0],
    ]
    axes = [jnp.linspace(-4, 4, 120), jnp.linspace(-5, 5, 120), jnp.linspace(-5, 5, 120)]
    wanted = integrals(TiedShapeDiagonalCovariance, count, scatter, axes, functions)
    check_means(functions, drawn_real(TiedShapeDiagonalCovariance, count, scatter, 2, many=20_000), wanted)


def test_one_volume_and_two_shapes_by_integration():
    count, scatter = np.array([7.0, 9.0]), np.array([[1.0, 0.4], [0.4, 2.0]])
    functions = [
        lambda real: real["volume"],
        lambda real: real["volume"] ** 2,
        lambda real: real["shapes"][0, 0],
        lambda real: real["shapes"][0, 0] ** 2,
        lambda real: real["shapes"][0, 1],
        lambda real: real["shapes"][1, 1] ** 2,
        lambda real: real["shapes"][0, 0] * real["shapes"][1, 0],
        lambda real: real["shapes"][0, 1] * real["shapes"][1, 1],
        lambda real: real["shapes"][0, 1] ** 2 * real["volume"],
    ]
    below, on = jnp.linspace(-5, 6, 26), jnp.linspace(-3, 3, 22)
    axes = [below, on, below, on, jnp.linspace(-3.5, 2.5, 16)]
    wanted = integrals(TiedVolumeCovariance, count, scatter, axes, functions)
    check_means(functions, drawn_real(TiedVolumeCovariance, count, scatter, 2, many=20_000), wanted)


@EACH
def test_a_draw_is_of_the_family(family):
    """A count of length one serves all components; keys settle draws; scales come back in the draws' units."""
    scatter = family.moment.from_matrix(random_matrix(np.random.default_rng(1), 3))
    key = jax.random.key(4)
    found = family.drawn(key, jnp.array([9.0]), scatter, 5)
    for part in family.parts:
        values = np.asarray(found.sites[part.name])
        assert values.shape == part.shape(5, 3)
        part.support.check(values, part.name)
    again, scaled = (family.drawn(key, jnp.full(5, 9.0), each, 5) for each in (scatter, 1e12 * scatter))
    for name, values in found.sites.items():
        np.testing.assert_array_equal(again.sites[name], values)
    np.testing.assert_allclose(scaled.dense(5, 3), 1e12 * np.asarray(found.dense(5, 3)), rtol=1e-12)
    assert set(random_real(np.random.default_rng(0), family, 5, 3)) == set(found.real)

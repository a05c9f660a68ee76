"""Whitening on densities whose curvature is known, in units as different as they come."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gmm_ppl.inference.mode import curvature
from gmm_ppl.inference.mode.curvature import by_columns, move

pytestmark = pytest.mark.usefixtures("x64")

UNITS = np.array([1e-100, 1.0, 1e100])
COVARIANCE = np.array([[2.0, 0.9, -0.3], [0.9, 1.0, 0.2], [-0.3, 0.2, 0.5]])
TOP = np.array([1.0, -2.0, 0.5])


def normal(point):
    """A normal log density about TOP, in units of `UNITS`."""
    residual = point / UNITS - TOP
    return -0.5 * residual @ jnp.linalg.solve(jnp.asarray(COVARIANCE), residual)


def valley(point):
    """Rosenbrock's function upside down: its top is at (1, 1), along a bent ridge."""
    return -(100 * (point[1] - point[0] ** 2) ** 2 + (1 - point[0]) ** 2)


def whitening(density, point):
    """W with W Wᵀ the inverse of the curvature at a point."""
    return curvature.curvature(by_columns(density)(point)[2]).scale


def test_the_whitened_covariance_of_a_normal_density():
    scale = np.asarray(whitening(normal, jnp.asarray(TOP * UNITS)))
    roots = scale / UNITS[:, None]
    np.testing.assert_allclose(roots @ roots.T, COVARIANCE, rtol=1e-12)


def test_many_coordinates_take_the_diagonal(monkeypatch):
    monkeypatch.setattr(curvature, "LARGEST_DENSE", 2)
    scale = np.asarray(whitening(normal, jnp.asarray(TOP * UNITS)))
    precision = np.diagonal(np.linalg.inv(COVARIANCE))
    np.testing.assert_allclose(scale / UNITS, 1 / np.sqrt(precision), rtol=1e-12)
    np.testing.assert_allclose(move(jnp.zeros(3), jnp.asarray(scale), jnp.ones(3)), scale)


def test_one_coordinate_too_many():
    size = curvature.LARGEST_DENSE + 1
    precision = np.linspace(0.5, 2.0, size)
    scale = np.asarray(jax.jit(lambda x: whitening(lambda y: -0.5 * jnp.sum(precision * y**2), x))(jnp.ones(size)))
    np.testing.assert_allclose(scale, 1 / np.sqrt(precision), rtol=1e-12)


def test_a_saddle_and_a_flat_direction_have_finite_scales():
    scale = np.asarray(whitening(lambda p: -2 * p[0] ** 2 + 2 * p[1] ** 2 + 0 * p[2], jnp.ones(3)))
    assert np.isfinite(scale).all()
    np.testing.assert_allclose((scale @ scale.T)[:2, :2], np.eye(2) / 4, rtol=1e-12)

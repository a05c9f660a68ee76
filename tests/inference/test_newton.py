"""Newton steps on densities whose modes are known: parabolas, bent ridges, saddles, units far apart, and none at all."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gmm_ppl.inference.mode import curvature, newton
from gmm_ppl.inference.mode.curvature import by_columns
from gmm_ppl.inference.mode.newton import find_mode
from tests.inference.test_curvature import COVARIANCE, TOP, UNITS, normal, valley

pytestmark = pytest.mark.usefixtures("x64")


def mode_of(density, start):
    return jax.jit(lambda each: find_mode(by_columns(density), each))(jnp.asarray(start, float))


@pytest.mark.parametrize("start", [np.zeros(3), 100 * np.ones(3)])
def test_a_parabola_takes_one_step(start):
    found = mode_of(normal, start * UNITS)
    np.testing.assert_allclose(found.position / UNITS, TOP, rtol=1e-12)
    assert found.done
    assert found.steps == 2, "one to make, one to see that it was the last"
    roots = found.curvature.scale / UNITS[:, None]
    np.testing.assert_allclose(roots @ roots.T, COVARIANCE, rtol=1e-12)
    np.testing.assert_allclose(found.curvature.log_volume, np.linalg.slogdet(COVARIANCE)[1] / 2, rtol=1e-12)


@pytest.mark.parametrize("start", [[-1.2, 1.0], [3.0, -4.0], [0.0, 0.0], [1.0, 1.0]])
def test_a_bent_ridge(start):
    found = mode_of(valley, start)
    assert found.done
    np.testing.assert_allclose(found.position, [1, 1], rtol=1e-4)
    assert found.log_density > -1e-8


def test_steps_cut_short_never_end_lower_than_they_began(monkeypatch):
    start = np.array([-1.2, 1.0])
    reached = [valley(start)]
    for steps in range(1, 12):
        monkeypatch.setattr(newton, "MAX_STEPS", steps)
        found = mode_of(valley, start)
        assert found.steps == steps
        reached.append(found.log_density)
    assert (np.diff(reached) >= 0).all()
    assert reached[-1] > reached[0]


def test_a_saddle_is_left():
    """−(x² − 1)² − y²: a saddle near the start, modes at x = ±1."""
    found = mode_of(lambda p: -((p[0] ** 2 - 1) ** 2) - p[1] ** 2, [1e-3, 0.5])
    np.testing.assert_allclose(found.position, [1, 0], atol=1e-5)
    assert found.curvature.flattest > 0


def test_a_saddle_that_is_stayed_at_is_said():
    found = mode_of(lambda p: -2 * p[0] ** 2 + 2 * p[1] ** 2, [0.0, 0.0])
    assert found.done
    assert found.curvature.flattest == pytest.approx(-1)


def test_many_coordinates_take_the_diagonal(monkeypatch):
    for module in (curvature, newton):
        monkeypatch.setattr(module, "LARGEST_DENSE", 2)
    precision = np.array([0.5, 1.0, 4.0])
    found = mode_of(lambda p: -0.5 * jnp.sum(precision * (p - TOP) ** 2), np.zeros(3))
    np.testing.assert_allclose(found.position, TOP, rtol=1e-12)
    assert found.curvature.scale.shape == (3,)
    np.testing.assert_allclose(found.curvature.log_volume, -np.log(precision).sum() / 2, rtol=1e-12)


def test_a_density_that_rises_without_end_is_not_done():
    found = mode_of(lambda p: p[0] - 0.5 * p[1] ** 2, [0.0, 1.0])
    assert not found.done
    assert found.steps == newton.MAX_STEPS


def test_no_density_at_the_start():
    found = mode_of(lambda p: jnp.log(p[0]) - p[0], [-1.0])
    assert found.done
    assert np.isnan(found.log_density)

"""Our maps to weights and covariances are NumPyro's: its own code is the oracle, derivatives and Jacobians included."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import biject_to, constraints

from gmm_ppl.mixture.matrix_supports import POSITIVE_DEFINITE
from gmm_ppl.priors.bijections import CovarianceTransform, SimplexTransform, bijection

pytestmark = pytest.mark.usefixtures("x64")
SUPPORTS = {"simplex": constraints.simplex, "covariance": constraints.positive_definite}
CASES = [("simplex", free) for free in (1, 2, 7)] + [("covariance", size) for size in (1, 3, 6, 10, 36)]


@pytest.mark.parametrize(("name", "coordinates"), CASES)
def test_same_maps(name, coordinates):
    ours, theirs = bijection(SUPPORTS[name]), biject_to(SUPPORTS[name])
    points = 0.8 * np.random.default_rng(coordinates).normal(size=(4, coordinates))

    @jax.jit
    def facts(point):
        def value(each):
            return [transform(each) for transform in (ours, theirs)]

        def volume(each):
            return jnp.stack([each_map.log_abs_det_jacobian(each, each_map(each)).sum() for each_map in (ours, theirs)])

        return value(point), jax.jacfwd(value)(point), volume(point), jax.jacfwd(volume)(point), ours.inv(ours(point))

    for point in points:
        values, slopes, volumes, changes, back = facts(point)
        np.testing.assert_allclose(values[0], values[1], rtol=1e-13, atol=1e-13 * np.abs(values[1]).max())
        np.testing.assert_allclose(slopes[0], slopes[1], rtol=1e-12, atol=1e-12 * np.abs(slopes[1]).max())
        np.testing.assert_allclose(volumes[0], volumes[1], rtol=1e-12)
        np.testing.assert_allclose(changes[0], changes[1], rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(back, point, rtol=1e-8, atol=1e-8)


def test_batches_and_wrapped_supports():
    wrapped = bijection(constraints.independent(constraints.positive_definite, 1))
    assert isinstance(wrapped, CovarianceTransform)
    assert isinstance(bijection(constraints.simplex), SimplexTransform)
    assert bijection(constraints.positive) == biject_to(constraints.positive)
    points = np.random.default_rng(0).normal(size=(5, 6))
    matrices, factors = wrapped(jnp.asarray(points)), POSITIVE_DEFINITE.factor(points)
    np.testing.assert_allclose(factors @ np.swapaxes(factors, -1, -2), matrices, rtol=1e-13)
    assert wrapped.inverse_shape((5, 3, 3)) == (5, 6)
    assert wrapped.forward_shape((5, 6)) == (5, 3, 3)
    assert wrapped.log_abs_det_jacobian(points, matrices).shape == (5,)


def test_weights_keep_their_digits_at_the_corners():
    """NumPyro's own clips a part broken off at one rounding of 1."""
    far = np.array([-600.0, 3.0])
    weights = np.asarray(SimplexTransform()(jnp.asarray(far)))
    assert 0 < weights[0] < 1e-250
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-14)

"""Other units, another origin, another order: the answers are those of the same data, transformed."""

import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.base import Status
from tests.cases import FAMILY_NAMES
from tests.inference.conftest import MAX_STEPS, STARTS, TIGHT
from tests.inference.oracles import D, K, N, matrices, overlapping_rows

SCALED = [(family, kind) for family in FAMILY_NAMES for kind in ("flat", "weak")]
SCALED += [("full", "separated"), ("diagonal", "separated")]
SLOW = [pytest.param(family, "separated", marks=pytest.mark.slow) for family in ("tied", "spherical")]
EVERY = pytest.mark.parametrize(("family", "kind"), SCALED + SLOW)

ROWS = np.round(overlapping_rows() * 2**20) / 2**20
"""Multiples of 2⁻²⁰, so that adding 10⁸ is exact."""


def fit(family, kind, x, **changes):
    """A tight fit of the shapes that the tests of the MAP compile."""
    found = gp.fit(gp.Mixture(K, family, kind), x, **{"starts": STARTS, "max_steps": MAX_STEPS, "tolerance": TIGHT} | changes)
    assert found.status is Status.CONVERGED
    return found


def ordered(found):
    """Weights, means and matrices with the components in the order of their weights."""
    order = np.argsort(found.parameters.weights)
    return found.parameters.weights[order], found.parameters.means[order], matrices(found.parameters)[order]


def assert_same(found, wanted, *, shift=0.0, scale=1.0, rtol=2e-6):
    """Parameters of a fit to x · scale + shift against those of the fit to x, in units of x."""
    scale = np.broadcast_to(scale, (D,))
    (weights, means, covariances), (weights_0, means_0, covariances_0) = ordered(found), ordered(wanted)
    np.testing.assert_allclose(weights, weights_0, rtol=rtol)
    np.testing.assert_allclose((means - shift) / scale, means_0, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(covariances / scale[:, None] / scale, covariances_0, rtol=rtol, atol=rtol)


def log_units(family, scale):
    """By how much log p(sites) falls when the units of K means and the covariance values shrink by `scale`."""
    logs = np.log(np.broadcast_to(scale, (D,)))
    values = {"full": K * (D + 1), "tied": D + 1, "diagonal": 2 * K, "spherical": K}[family] * logs.sum()
    return K * logs.sum() + values


@EVERY
def test_an_offset_of_a_hundred_million(family, kind):
    wanted, found = fit(family, kind, ROWS), fit(family, kind, ROWS + 1e8)
    assert_same(found, wanted, shift=1e8)
    np.testing.assert_allclose(found.log_likelihood, wanted.log_likelihood, rtol=1e-10)
    np.testing.assert_allclose(found.log_prior, wanted.log_prior, rtol=1e-7, atol=1e-7)


@EVERY
@pytest.mark.parametrize("scale", [1e-100, 3.0, 1e100])
def test_units(family, kind, scale):
    wanted, found = fit(family, kind, ROWS), fit(family, kind, ROWS * scale)
    # In such units the objective is 28 000 nats away from zero, and so rounded a hundred times as much.
    assert_same(found, wanted, scale=scale, rtol=1e-5)
    shift = -N * D * np.log(scale)
    np.testing.assert_allclose(found.log_likelihood - shift, wanted.log_likelihood, rtol=1e-7)
    if kind != "flat":
        np.testing.assert_allclose(found.objective - shift + log_units(family, scale), wanted.objective, rtol=1e-10)


@pytest.mark.parametrize(("family", "kind"), [case for case in SCALED if case[0] != "spherical"])
def test_units_of_each_feature(family, kind):
    """Sixteen powers of ten between two columns: scikit-learn's and mclust's priors would not bear it."""
    scale = np.array([1e-8, 1e8])
    wanted, found = fit(family, kind, ROWS), fit(family, kind, ROWS * scale)
    assert_same(found, wanted, scale=scale)


@pytest.mark.parametrize(("family", "kind"), SCALED)
def test_order_of_rows(family, kind, rng):
    assert_same(fit(family, kind, rng.permutation(ROWS)), fit(family, kind, ROWS))


@pytest.mark.parametrize(("family", "kind"), SCALED)
def test_order_of_features(family, kind):
    wanted, found = ordered(fit(family, kind, ROWS)), ordered(fit(family, kind, ROWS[:, ::-1]))
    np.testing.assert_allclose(found[0], wanted[0], rtol=2e-6)
    np.testing.assert_allclose(found[1][:, ::-1], wanted[1], rtol=2e-6, atol=2e-6)
    np.testing.assert_allclose(found[2][:, ::-1, ::-1], wanted[2], rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("family", ["full", "tied"])
def test_any_linear_map_of_dense_covariances(family):
    """The weak prior takes its scale from the data's covariance, so that no basis is special."""
    matrix = np.array([[0.6, 0.8], [-3.0, 2.0]])
    wanted = fit(family, "weak", ROWS)
    at = wanted.parameters
    near = gp.mixture_parameters(
        at.weights, at.means @ matrix.T + 0.1, matrix @ at.covariance.values @ matrix.T, covariance=family
    )
    found = fit(family, "weak", ROWS @ matrix.T, start=near)
    (weights, means, covariances), (weights_0, means_0, covariances_0) = ordered(found), ordered(wanted)
    np.testing.assert_allclose(weights, weights_0, rtol=1e-5)
    np.testing.assert_allclose(means, means_0 @ matrix.T, rtol=1e-5)
    np.testing.assert_allclose(covariances, matrix @ covariances_0 @ matrix.T, rtol=1e-4, atol=1e-4)
    shift = -N * np.log(abs(np.linalg.det(matrix)))
    np.testing.assert_allclose(found.log_likelihood, wanted.log_likelihood + shift, rtol=1e-7)


def test_order_of_components(fits):
    """Component k of the start is component k of the fit."""
    at = fits("full", "weak").parameters
    near = gp.mixture_parameters(at.weights, at.means * 1.1, at.covariance.values)
    turned = gp.mixture_parameters(at.weights[::-1], at.means[::-1] * 1.1, at.covariance.values[::-1])
    x = overlapping_rows()
    found, other = fit("full", "weak", x, start=near), fit("full", "weak", x, start=turned)
    np.testing.assert_allclose(found.parameters.weights, at.weights, rtol=1e-6)
    np.testing.assert_allclose(other.parameters.weights[::-1], found.parameters.weights, rtol=1e-9)
    np.testing.assert_allclose(other.parameters.means[::-1], found.parameters.means, rtol=1e-9)
    np.testing.assert_allclose(other.parameters.covariance.values[::-1], found.parameters.covariance.values, rtol=1e-9)


def strided(x):
    """Every second row and column of a larger array."""
    larger = np.full((2 * N, 2 * D), np.nan)
    larger[::2, ::2] = x
    return larger[::2, ::2]


def read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


WHOLE = np.round(overlapping_rows() * 4)
"""Whole numbers, which every type below holds exactly."""

LAYOUTS = {
    "64-bit integers": lambda x: x.astype(np.int64),
    "16-bit integers": lambda x: x.astype(np.int16),
    "single precision": lambda x: x.astype(np.float32),
    "big-endian": lambda x: x.astype(">f8"),
    "read-only": read_only,
    "strided": strided,
    "by columns": np.asfortranarray,
    "lists": lambda x: x.tolist(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_types_and_layouts_of_rows(layout):
    wanted, found = fit("full", "weak", WHOLE), fit("full", "weak", LAYOUTS[layout](WHOLE))
    assert found.objective == wanted.objective
    np.testing.assert_array_equal(found.parameters.covariance.values, wanted.parameters.covariance.values)

"""Other units, another origin, another order: the answers are those of the same data, transformed."""

import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.base import Status
from gmm_ppl.mixture.covariance import FAMILIES
from tests.cases import FAMILY_NAMES, priors_of
from tests.inference.conftest import MAX_STEPS, STARTS, TIGHT
from tests.inference.oracles import D, K, N, overlapping_rows

SCALED = [(family, kind) for family in FAMILY_NAMES for kind in ("flat", "weak")]
SCALED += [("full", "separated"), ("diagonal", "separated")]
OTHERS = [(family, "separated") for family in FAMILY_NAMES if "separated" in priors_of(family)]
SLOW = [pytest.param(*pair, marks=pytest.mark.slow) for pair in OTHERS if pair not in SCALED]
EVERY = pytest.mark.parametrize(("family", "kind"), SCALED + SLOW)

ROWS = np.round(overlapping_rows() * 2**20) / 2**20
"""Multiples of 2⁻²⁰, so that adding 10⁸ is exact."""


def fit(family, kind, x, **changes):
    """A tight fit."""
    found = gp.fit(gp.Mixture(K, family, kind), x, **{"starts": STARTS, "max_steps": MAX_STEPS, "tolerance": TIGHT} | changes)
    assert found.status is Status.CONVERGED
    return found


def ordered(found):
    """Weights, means and matrices with the components in the order of their weights."""
    order = np.argsort(found.parameters.weights)
    return found.parameters.weights[order], found.parameters.means[order], found.parameters.covariances[order]


def assert_same(found, wanted, *, shift=0.0, scale=1.0, rtol=2e-6):
    """Parameters of a fit to x · scale + shift against those of the fit to x, in units of x."""
    scale = np.broadcast_to(scale, (D,))
    (weights, means, covariances), (weights_0, means_0, covariances_0) = ordered(found), ordered(wanted)
    np.testing.assert_allclose(weights, weights_0, rtol=rtol)
    np.testing.assert_allclose((means - shift) / scale, means_0, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(covariances / scale[:, None] / scale, covariances_0, rtol=rtol, atol=rtol)


def log_units(family, scale):
    """By how much log p(sites) falls when the units of K means and the covariances shrink by `scale`."""
    found = FAMILIES[family]
    if len(found.parts) == 1:
        return (K * D + 2 * found.count_parameters(K, D)) * np.log(scale)
    # Not normalised: it has the units of |Σ_k| to the power that its law has.
    degrees = found.moment.least_degrees(D) + 3 + found.moment.measure(D)
    return (K * D + K * D * degrees) * np.log(scale)


@EVERY
def test_an_offset_of_a_hundred_million(family, kind):
    wanted, found = fit(family, kind, ROWS), fit(family, kind, ROWS + 1e8)
    assert_same(found, wanted, shift=1e8)
    np.testing.assert_allclose(found.objective, wanted.objective, rtol=1e-10)
    # At the top of the objective its two summands still have slopes, against each other.
    np.testing.assert_allclose(found.log_likelihood, wanted.log_likelihood, rtol=1e-8)
    np.testing.assert_allclose(found.log_prior, wanted.log_prior, rtol=1e-7, atol=1e-6)


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


OF_EACH_FEATURE = [case for case in SCALED if np.ndim(FAMILIES[case[0]].scale_of(np.ones(D)))]


@pytest.mark.parametrize(("family", "kind"), OF_EACH_FEATURE)
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


@pytest.mark.parametrize("family", [name for name in FAMILY_NAMES if FAMILIES[name].moment.axes == 2])
def test_any_linear_map_of_dense_covariances(family):
    """The weak prior takes its scale from the data's covariance, so that no basis is special."""
    matrix = np.array([[0.6, 0.8], [-3.0, 2.0]])
    wanted = fit(family, "weak", ROWS)
    at = wanted.parameters
    covariance = FAMILIES[family].fitted(np.ones(K), matrix @ at.covariances @ matrix.T)
    near = gp.mixture_parameters(at.weights, at.means @ matrix.T + 0.1, covariance.sites, covariance=family)
    found = fit(family, "weak", ROWS @ matrix.T, start=near)
    (weights, means, covariances), (weights_0, means_0, covariances_0) = ordered(found), ordered(wanted)
    np.testing.assert_allclose(weights, weights_0, rtol=1e-5)
    np.testing.assert_allclose(means, means_0 @ matrix.T, rtol=1e-5)
    np.testing.assert_allclose(covariances, matrix @ covariances_0 @ matrix.T, rtol=1e-4, atol=1e-4)
    shift = -N * np.log(abs(np.linalg.det(matrix)))
    np.testing.assert_allclose(found.log_likelihood, wanted.log_likelihood + shift, rtol=1e-7)


def test_order_of_components(fits):
    """The order in which the start has them says nothing of the fit's."""
    at = fits("full", "weak").parameters
    near = gp.mixture_parameters(at.weights, at.means * 1.1, at.covariances)
    turned = gp.mixture_parameters(at.weights[::-1], at.means[::-1] * 1.1, at.covariances[::-1])
    x = overlapping_rows()
    found, other = fit("full", "weak", x, start=near), fit("full", "weak", x, start=turned)
    for name, values in found.sites.items():
        np.testing.assert_allclose(values, at.sites[name], rtol=1e-5)
        np.testing.assert_allclose(other.sites[name], values, rtol=1e-9)


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
    np.testing.assert_array_equal(found.parameters.covariances, wanted.parameters.covariances)


FAR = [1.7e9, 2.0**31, -3e10]
"""Where clocks count seconds from, where 32 bits end, and where values keep five digits after the point."""


@pytest.mark.parametrize("components", [2, 3])
@pytest.mark.parametrize("offset", FAR)
@pytest.mark.parametrize("kind", ["flat", "weak"])
def test_rows_far_from_zero_are_fitted_as_if_they_were_near(kind, offset, components):
    """The numbers that are left when they are rounded there, moved back exactly: each start goes the same way.

    Rounding chooses between starts that agree, whose parameters are alike to the root of the tolerance. The weak prior's mean
    is rounded to the digits that the rows have there, and counts for a hundredth of a row.
    """
    far = gp.datasets.load("faithful").values + offset
    near = far - offset
    np.testing.assert_array_equal(near + offset, far)
    found, wanted = (gp.fit(gp.Mixture(components, prior=kind), x, starts=6) for x in (far, near))
    assert found.status is wanted.status is Status.CONVERGED
    assert found.restarts.status == wanted.restarts.status
    np.testing.assert_array_equal(found.restarts.iterations, wanted.restarts.iterations)
    np.testing.assert_allclose(found.restarts.objective, wanted.restarts.objective, rtol=1e-13 if kind == "flat" else 1e-9)
    rtol = 1e-6
    np.testing.assert_allclose(found.parameters.weights, wanted.parameters.weights, rtol=rtol)
    np.testing.assert_allclose(found.parameters.covariances, wanted.parameters.covariances, rtol=rtol)
    np.testing.assert_allclose(found.parameters.means - offset, wanted.parameters.means, atol=np.spacing(abs(offset)))


APART = [1e3, 1e4, 1e6]
"""Standard deviations between two groups."""


def groups(apart, count):
    """Groups of ten rows."""
    z = np.random.default_rng(1).normal(size=(10 * count, 2))
    return z + apart * np.repeat([[0, 0], [1, 1], [-1, 1]][:count], 10, axis=0)


PRIORS = {"weak": "weak", "flat": "flat", "stated": {"kind": "conjugate", "scale": 1.0}}


@pytest.mark.filterwarnings("ignore::gmm_ppl.FitWarning")
@pytest.mark.parametrize("acceleration", ["quasi_newton", None])
@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("apart", APART)
def test_groups_far_apart_take_a_few_steps(apart, count, prior, acceleration):
    """From every start that has found them, whatever rounds the objective's last digits; from others EM ends as well."""
    mixture = gp.Mixture(count, prior=PRIORS[prior])
    fit = gp.fit(mixture, groups(apart, count), start="hierarchical", starts=4, acceleration=acceleration)
    assert set(fit.restarts.status) == {Status.CONVERGED}
    assert (fit.restarts.iterations <= 5).all()
    default = gp.fit(mixture, groups(apart, count), acceleration=acceleration)
    assert set(default.restarts.status) <= {Status.CONVERGED} | ({Status.COLLAPSED} if prior == "flat" else set())
    assert default.objective >= fit.objective - 1e-6
    np.testing.assert_allclose(fit.parameters.weights, np.full(count, 1 / count), rtol=1e-9)

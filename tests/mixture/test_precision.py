"""Narrow components far apart and far from the origin, against mpmath at 50 digits: the bound that design D1 sets."""

import mpmath
import numpy as np
import pytest

from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.covariance.full import FullCovariance
from gmm_ppl.mixture.moments import OUTER, SQUARES
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.passes import PASSES
from gmm_ppl.mixture.residuals import statistics_of_memberships
from gmm_ppl.mixture.rows import rows
from gmm_ppl.records import map_arrays
from tests.cases import FAMILY_NAMES
from tests.mixture.compiled import D, K, N, evaluate

pytestmark = pytest.mark.usefixtures("x64")
EACH = pytest.mark.parametrize("name", FAMILY_NAMES)

OFFSET, SIGMA = 1e8, 1e-3
SEPARATION = 1e6 * SIGMA
MEANS = OFFSET + SEPARATION * np.array([[0.0, 0.0], [1.0, 0.5], [-1.0, 0.75]])
MATRICES = SIGMA**2 * np.array([[[1.0, 0.6], [0.6, 1.3]], [[0.7, -0.2], [-0.2, 1.0]], [[1.0, 0.999], [0.999, 1.0]]])
STEPS = np.array([[0.4, -1.1], [1.3, 0.2], [-0.7, 0.9], [2.0, 1.5], [-1.2, -0.3], [0.1, 0.6]])
X = MEANS[[0, 0, 1, 1, 2, 2]] + SIGMA * STEPS
BETWEEN = np.array([[OFFSET + SEPARATION / 3, OFFSET + SEPARATION / 7]])


def narrow(name):
    """Three components a million standard deviations apart, 10⁸ from the origin (10¹¹ of their own widths)."""
    family = FAMILIES[name]
    covariance = family.fitted(np.ones(K), family.moment.from_matrix(MATRICES))
    return MixtureParameters(np.array([0.5, 0.3, 0.2]), MEANS, family.from_sites(covariance.sites))


def exact(rows, parameters):
    """Joint log densities and, from them, log densities and responsibilities, all in 50 digits."""
    mpmath.mp.dps = 50
    dense = [mpmath.matrix(each.tolist()) for each in np.asarray(parameters.covariances)]
    joint = [
        [joint_log_density(row, *each) for each in zip(parameters.weights, parameters.means, dense, strict=True)] for row in rows
    ]
    total = [mpmath.log(sum(mpmath.exp(each) for each in row)) for row in joint]
    memberships = [[mpmath.exp(each - sum_) for each in row] for row, sum_ in zip(joint, total, strict=True)]
    return joint, total, memberships


def joint_log_density(row, weight, mean, covariance):
    residual = mpmath.matrix([mpmath.mpf(float(a)) - mpmath.mpf(float(b)) for a, b in zip(row, mean, strict=True)])
    distance = (residual.T * mpmath.inverse(covariance) * residual)[0]
    constant = len(row) * mpmath.log(2 * mpmath.pi) + mpmath.log(mpmath.det(covariance))
    return mpmath.log(mpmath.mpf(float(weight))) - (constant + distance) / 2


def floats(values):
    return np.array([[float(each) for each in row] if isinstance(row, list) else float(row) for row in values])


def exact_scatter(rows, memberships, centre):
    """Σ_i r_ik (x_i − c)(x_i − c)ᵀ in 50 digits, (K, D, D)."""
    answer = np.zeros((K, D, D))
    for k, d, e in np.ndindex(K, D, D):
        about = [[mpmath.mpf(float(row[f])) - mpmath.mpf(float(centre[k][f])) for f in (d, e)] for row in rows]
        answer[k, d, e] = float(sum(r[k] * a * b for r, (a, b) in zip(memberships, about, strict=True)))
    return answer


def exact_first(rows, memberships, centre):
    """Σ_i r_ik (x_i − c) in 50 digits, (K, D)."""
    answer = np.zeros((K, D))
    for k, d in np.ndindex(K, D):
        about = [mpmath.mpf(float(row[d])) - mpmath.mpf(float(centre[k][d])) for row in rows]
        answer[k, d] = float(sum(r[k] * each for r, each in zip(memberships, about, strict=True)))
    return answer


@EACH
def test_densities_keep_ten_digits(name):
    rows = np.vstack([X[:-1], BETWEEN])
    parameters = narrow(name)
    joint, total, memberships = exact(rows, parameters)
    found = evaluate(rows, parameters)
    np.testing.assert_allclose(found["components"], floats(joint), rtol=1e-10)
    np.testing.assert_allclose(found["log_density"], floats(total), rtol=1e-10)
    np.testing.assert_allclose(found["responsibilities"], floats(memberships), rtol=1e-8, atol=1e-300)
    np.testing.assert_allclose(found["log_likelihood"], float(sum(total)), rtol=1e-10)


@EACH
def test_statistics_keep_ten_digits(name):
    parameters = narrow(name)
    _, _, memberships = exact(X, parameters)
    statistics = evaluate(X, parameters)["statistics"]
    scatter = exact_scatter(X, memberships, MEANS)
    wanted = parameters.covariance.moment.from_matrix(scatter)
    np.testing.assert_allclose(statistics.second, wanted, rtol=1e-10)
    np.testing.assert_allclose(statistics.count, [2, 2, 2], rtol=1e-12)
    np.testing.assert_allclose(statistics.first, exact_first(X, memberships, MEANS), rtol=1e-10)


@EACH
def test_both_passes_keep_ten_digits(name):
    """Of several mixtures at once, of which one is wide enough for the expanded square: each lane takes its own form."""
    near = narrow(name)
    family = FAMILIES[name]
    unit = family.fitted(np.ones(K), family.moment.from_matrix(MATRICES * (3 * SEPARATION / SIGMA) ** 2))
    wide = MixtureParameters(near.weights, near.means, family.from_sites(unit.sites))
    both = map_arrays(lambda *leaves: np.stack(leaves), near, wide)
    for kind in PASSES.values():
        summed = kind(rows(X))
        with summed.session():
            value, statistics = summed(both)
        for lane, each in enumerate((near, wide)):
            _, total, memberships = exact(X, each)
            own = map_arrays(lambda leaf, lane=lane: leaf[lane], statistics)
            np.testing.assert_allclose(value[lane], float(sum(total)), rtol=1e-10)
            centre = np.broadcast_to(own.centre, (K, D))
            scatter = exact_scatter(X, memberships, centre)
            second = family.moment.from_matrix(scatter)
            np.testing.assert_allclose(own.second, second, rtol=1e-10, atol=1e-10 * np.abs(second).max())
            first = exact_first(X, memberships, centre)
            np.testing.assert_allclose(own.first, first, rtol=1e-10, atol=1e-10 * np.abs(first).max())
            np.testing.assert_allclose(own.count, [float(sum(r[k] for r in memberships)) for k in range(K)], rtol=1e-10)


@pytest.mark.parametrize("moment", [OUTER, SQUARES])
def test_statistics_of_memberships_lose_nothing_to_separation(moment):
    """They are about each component's own mean, found first; about a common centre 12 of the 16 digits would go."""
    memberships = np.repeat(np.eye(K), 2, axis=0)
    statistics = statistics_of_memberships(rows(X), memberships, moment)
    centres = [[float((mpmath.mpf(X[2 * k, d]) + mpmath.mpf(X[2 * k + 1, d])) / 2) for d in range(D)] for k in range(K)]
    scatter = exact_scatter(X, memberships.tolist(), centres)
    np.testing.assert_allclose(statistics.means, centres, rtol=1e-15)
    np.testing.assert_allclose(statistics.scatter, moment.from_matrix(scatter), rtol=1e-8)


def test_a_nearly_singular_covariance_keeps_the_digits_that_it_has():
    """Condition number 4 · 10⁶: an error of that times the precision, 10⁻⁹, is all that can be asked for."""
    values = np.stack([np.array([[1.0, 1 - 1e-6], [1 - 1e-6, 1.0]])] * K)
    parameters = MixtureParameters(np.array([0.5, 0.3, 0.2]), np.zeros((K, D)), FullCovariance(values))
    found = evaluate(STEPS[:N], parameters)
    np.testing.assert_allclose(found["components"], floats(exact(STEPS[:N], parameters)[0]), rtol=1e-9)


@pytest.mark.parametrize("kind", PASSES)
def test_a_value_far_away_does_not_blur_the_others(kind):
    """Two rows 10⁷ standard deviations away are most of the variance, and the scatter of all others keeps seven digits."""
    x = np.random.default_rng(1).standard_normal((3000, 2))
    x[:2] *= 1e7
    spread = np.cov(x.T)
    family = FAMILIES["full"]
    covariance = family.fitted(np.ones(2), np.stack([spread / 2, 2 * spread]))
    thick = MixtureParameters(np.array([0.5, 0.5]), np.zeros((2, 2)), covariance)
    with PASSES[kind](rows(x)).session():
        _, statistics = PASSES[kind](rows(x))(map_arrays(lambda leaf: np.asarray(leaf)[None], thick))
    _, _, memberships = exact(x[2:3], thick)
    ordinary = x[2:] - x[2:].mean(axis=0)
    wanted = float(memberships[0][0]) * ordinary.T @ ordinary
    np.testing.assert_allclose(statistics.scatter[0, 0], wanted, rtol=0, atol=1e-7 * wanted.max())

"""One component and one feature: answers in closed form, and families that are then the same."""

import mpmath
import numpy as np
import pytest
from scipy import stats

import gmm_ppl as gp
from gmm_ppl.inference.base import Status
from gmm_ppl.mixture.covariance import FAMILIES
from tests.cases import FAMILY_NAMES
from tests.inference.oracles import N, overlapping_rows

X = overlapping_rows()
S = np.cov(X.T, bias=True)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_one_component_by_maximum_likelihood(family):
    """Exact in one step: of the data's covariance what the family can hold."""
    fit = gp.fit(gp.Mixture(1, family, "flat"), X, starts=2)
    assert (fit.status, fit.iterations) == (Status.CONVERGED, 1)
    np.testing.assert_array_equal(fit.parameters.weights, [1.0])
    np.testing.assert_allclose(fit.parameters.means, X.mean(axis=0)[None], rtol=1e-13)
    what = FAMILIES[family].scale_of(FAMILIES[family].moment.from_matrix(S))
    wanted = what if np.ndim(what) == 2 else np.diag(np.broadcast_to(what, 2))
    np.testing.assert_allclose(fit.parameters.covariances[0], wanted, rtol=1e-12)


def test_one_component_under_the_weak_prior():
    """The normal–inverse-Wishart mode: (Ψ + scatter) / (ν + N + D + 2), with Ψ = S, ν = 4 and the prior mean in place."""
    fit = gp.fit(gp.Mixture(1, "full", "weak"), X, starts=2)
    np.testing.assert_allclose(fit.parameters.means, X.mean(axis=0)[None], rtol=1e-13)
    np.testing.assert_allclose(fit.parameters.covariances, (S + N * S)[None] / (4 + N + 4), rtol=1e-12)
    assert fit.log_likelihood == pytest.approx(
        stats.multivariate_normal.logpdf(X, X.mean(axis=0), fit.parameters.covariances[0]).sum(), rel=1e-12
    )


def nearly_collinear(noise):
    """Four columns in units 3 000 apart, the last of them the sum of the others but for `noise`."""
    first = np.random.default_rng(0).normal(size=(500, 3)) * [1, 50, 3e3]
    return np.c_[first, first.sum(axis=1) + noise * np.random.default_rng(1).normal(size=500)]


MATRICES = [name for name in FAMILY_NAMES if FAMILIES[name].moment.axes == 2]
VARIANCES = [name for name in FAMILY_NAMES if name not in MATRICES]
HELD = [1, 1e-2, 1e-3]
"""Noise at which double precision holds the covariance: the smallest eigenvalue of the correlations is 10⁻¹³ of the largest."""


@pytest.mark.parametrize("noise", HELD)
@pytest.mark.parametrize("family", MATRICES)
def test_one_component_of_nearly_collinear_columns_is_exact(family, noise):
    x = nearly_collinear(noise)
    fit = one_step(family, x)
    mean, covariance = moments_in_many_digits(x)
    units = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(fit.parameters.means[0], mean, atol=1e-15 * np.abs(x).max())
    np.testing.assert_allclose(
        (fit.parameters.covariances[0] - covariance) / units / units[:, None], np.zeros((4, 4)), atol=1e-14
    )


@pytest.mark.parametrize("noise", [1e-4, 1e-5, 1e-7, 0])
@pytest.mark.parametrize("family", MATRICES)
def test_collinear_columns_are_refused_before_em(family, noise):
    with pytest.raises(gp.InputError, match="the data's covariance is singular"):
        gp.fit(gp.Mixture(1, family, "flat"), nearly_collinear(noise))


@pytest.mark.parametrize("family", VARIANCES)
def test_variances_do_not_mind_collinear_columns(family):
    x = nearly_collinear(0)
    fit = one_step(family, x)
    mean, covariance = moments_in_many_digits(x)
    np.testing.assert_allclose(fit.parameters.means[0], mean, atol=1e-15 * np.abs(x).max())
    np.testing.assert_allclose(np.trace(fit.parameters.covariances[0]), np.trace(covariance), rtol=1e-13)


def one_step(family, x):
    """The fit of one component."""
    fit = gp.fit(gp.Mixture(1, family, "flat"), x)
    assert (fit.status, fit.iterations) == (Status.CONVERGED, 1)
    return fit


def moments_in_many_digits(x):
    """Mean and maximum-likelihood covariance, their sums carried in fifty digits."""
    with mpmath.workdps(50):
        rows = mpmath.matrix(x.tolist())
        mean = [mpmath.fsum(rows[:, d]) / len(x) for d in range(x.shape[1])]
        away = [[rows[i, d] - mean[d] for i in range(len(x))] for d in range(x.shape[1])]
        products = [[mpmath.fdot(one, other) / len(x) for other in away] for one in away]
        return np.array(mean, float), np.array(products, float)


@pytest.mark.parametrize("family", ["full", "spherical"])
def test_one_component_by_steps(family):
    """Under a prior whose M-step does not arrive at once."""
    fit = gp.fit(gp.Mixture(1, family, "separated"), X, starts=2, tolerance=1e-13)
    assert fit.status is Status.CONVERGED
    np.testing.assert_array_equal(fit.parameters.weights, [1.0])
    np.testing.assert_allclose(fit.parameters.means[0], X.mean(axis=0), rtol=1e-6)


OWN = ("full", "diagonal", "spherical")
"""With one feature each component has a variance of its own."""
SHARED = ("tied", "spherical_tied", "full_tied_volume")
"""Here all components share it."""


@pytest.mark.parametrize("families", [OWN, SHARED], ids=["own", "shared"])
@pytest.mark.parametrize("kind", ["flat", "weak"])
def test_one_feature_makes_families_alike(kind, families):
    """Under a prior those of one part alone: several parts have densities by other measures."""
    x = X[:, :1]
    families = [family for family in families if kind == "flat" or len(FAMILIES[family].parts) == 1]
    first, *others = (gp.fit(gp.Mixture(2, family, kind), x, starts=2) for family in families)
    for other in others:
        np.testing.assert_allclose(other.parameters.covariances, first.parameters.covariances, rtol=1e-6)
        np.testing.assert_allclose(other.objective, first.objective, rtol=1e-12)


def test_a_flat_array_is_one_feature():
    one, column = (gp.fit(gp.Mixture(2, "full", "weak"), x, starts=2) for x in (X[:, 0], X[:, :1]))
    assert one.objective == column.objective

"""One component and one feature: answers in closed form, and families that are then the same."""

import numpy as np
import pytest
from scipy import stats

import gmm_ppl as gp
from gmm_ppl.inference.base import Status
from tests.inference.oracles import N, overlapping_rows

X = overlapping_rows()
S = np.cov(X.T, bias=True)


@pytest.mark.parametrize(
    ("family", "wanted"),
    [("full", S[None]), ("tied", S), ("diagonal", np.diag(S)[None]), ("spherical", np.diag(S).mean(keepdims=True))],
)
def test_one_component_by_maximum_likelihood(family, wanted):
    fit = gp.fit(gp.Mixture(1, family, "flat"), X, starts=2)
    assert fit.status is Status.CONVERGED
    np.testing.assert_array_equal(fit.parameters.weights, [1.0])
    np.testing.assert_allclose(fit.parameters.means, X.mean(axis=0)[None], rtol=1e-13)
    np.testing.assert_allclose(fit.parameters.covariance.values, wanted, rtol=1e-12)


def test_one_component_under_the_weak_prior():
    """The normal–inverse-Wishart mode: (Ψ + scatter) / (ν + N + D + 2), with Ψ = S, ν = 4 and the prior mean in place."""
    fit = gp.fit(gp.Mixture(1, "full", "weak"), X, starts=2)
    np.testing.assert_allclose(fit.parameters.means, X.mean(axis=0)[None], rtol=1e-13)
    np.testing.assert_allclose(fit.parameters.covariance.values, (S + N * S)[None] / (4 + N + 4), rtol=1e-12)
    assert fit.log_likelihood == pytest.approx(
        stats.multivariate_normal.logpdf(X, X.mean(axis=0), fit.parameters.covariance.values[0]).sum(), rel=1e-12
    )


@pytest.mark.slow
@pytest.mark.parametrize("family", ["full", "spherical"])
def test_one_component_with_an_inner_climb(family):
    """Weights of one component have no coordinates at all."""
    fit = gp.fit(gp.Mixture(1, family, "separated"), X, starts=2, tolerance=1e-13)
    assert fit.status is Status.CONVERGED
    np.testing.assert_array_equal(fit.parameters.weights, [1.0])
    np.testing.assert_allclose(fit.parameters.means[0], X.mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("kind", ["flat", "weak"])
def test_one_feature_makes_families_alike(kind):
    x = X[:, :1]
    full, diagonal, spherical = (gp.fit(gp.Mixture(2, family, kind), x, starts=2) for family in ("full", "diagonal", "spherical"))
    np.testing.assert_allclose(diagonal.parameters.covariance.values, full.parameters.covariance.values[:, :, 0], rtol=1e-6)
    np.testing.assert_allclose(spherical.parameters.covariance.values, full.parameters.covariance.values[:, 0, 0], rtol=1e-6)
    np.testing.assert_allclose([diagonal.objective, spherical.objective], full.objective, rtol=1e-12)


def test_a_flat_array_is_one_feature():
    one, column = (gp.fit(gp.Mixture(2, "full", "weak"), x, starts=2) for x in (X[:, 0], X[:, :1]))
    assert one.objective == column.objective

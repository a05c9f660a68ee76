"""Ours beside scikit-learn's: the same maximum, the same formulae, and what differs where we say that it does."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal
from sklearn import mixture as theirs

from gmm_ppl.sklearn import BayesianGaussianMixture, GaussianMixture

TYPES = ("full", "tied", "diag", "spherical")


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.vstack([rng.normal(size=(150, 2)), rng.normal(size=(100, 2)) * 0.5 + [2.5, 2.5]])


@pytest.mark.parametrize("kind", TYPES)
def test_the_same_maximum_from_the_same_start(kind, rows):
    settings = {"n_components": 2, "covariance_type": kind, "random_state": 0, "reg_covar": 0}
    mine = GaussianMixture(tol=1e-11, max_iter=1000, **settings).fit(rows)
    other = theirs.GaussianMixture(tol=1e-14, max_iter=10_000, **settings).fit(rows)
    assert mine.score(rows) == pytest.approx(other.score(rows), abs=1e-10)
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
        assert_allclose(getattr(mine, name), getattr(other, name), rtol=1e-4, atol=1e-5)
    assert_allclose(mine.score_samples(rows), other.score_samples(rows), atol=1e-5)
    assert_allclose(mine.predict_proba(rows), other.predict_proba(rows), atol=1e-5)
    assert mine.bic(rows) == pytest.approx(other.bic(rows), abs=1e-6)
    assert mine.aic(rows) == pytest.approx(other.aic(rows), abs=1e-6)
    assert mine.lower_bound_ == pytest.approx(mine.score(rows), abs=1e-12)


@pytest.mark.parametrize("init", ["kmeans", "k-means++", "random", "random_from_data"])
def test_starts_are_scikit_learns(init, rows):
    settings = {"n_components": 3, "init_params": init, "random_state": 4, "max_iter": 0, "reg_covar": 0.1}
    mine, other = GaussianMixture(**settings).fit(rows), theirs.GaussianMixture(**settings).fit(rows)
    assert_allclose(mine.means_, other.means_, rtol=1e-9)


@pytest.mark.parametrize("kind", TYPES)
def test_given_parameters_are_the_start(kind, rows):
    last = GaussianMixture(n_components=2, covariance_type=kind, random_state=0).fit(rows)
    given = {"weights_init": last.weights_, "means_init": last.means_, "precisions_init": last.precisions_}
    again = GaussianMixture(n_components=2, covariance_type=kind, max_iter=0, **given).fit(rows)
    assert_allclose(again.weights_, last.weights_, rtol=1e-12)
    assert_allclose(again.covariances_, last.covariances_, rtol=1e-9)
    assert again.score(rows) == pytest.approx(last.score(rows), abs=1e-10)


@pytest.mark.parametrize("kind", TYPES)
def test_density_and_factors_by_definition(kind, rows):
    found = GaussianMixture(n_components=2, covariance_type=kind, random_state=0).fit(rows)
    features = rows.shape[1]
    dense = {
        "full": lambda: found.covariances_,
        "tied": lambda: np.stack([found.covariances_] * 2),
        "diag": lambda: np.stack([np.diag(each) for each in found.covariances_]),
        "spherical": lambda: found.covariances_[:, None, None] * np.eye(features),
    }[kind]()
    each = [multivariate_normal(mean, matrix).pdf(rows) for mean, matrix in zip(found.means_, dense, strict=True)]
    joint = found.weights_ * np.stack(each, axis=1)
    assert_allclose(found.score_samples(rows), np.log(joint.sum(axis=1)), rtol=1e-10)
    assert_allclose(found.predict_proba(rows), joint / joint.sum(axis=1, keepdims=True), atol=1e-12)
    assert found.score(rows) == pytest.approx(np.log(joint.sum(axis=1)).mean(), rel=1e-12)
    factors = found.precisions_cholesky_
    if kind in ("full", "tied"):
        assert_allclose(factors, np.triu(factors))
        assert_allclose(factors @ np.swapaxes(factors, -1, -2), np.linalg.inv(found.covariances_), rtol=1e-9)
    else:
        assert_allclose(factors, found.covariances_**-0.5)
    count = {"full": 6, "tied": 3, "diag": 4, "spherical": 2}[kind] + 1 + 4
    log_likelihood = np.log(joint.sum(axis=1)).sum()
    assert found.bic(rows) == pytest.approx(-2 * log_likelihood + count * np.log(250), rel=1e-12)
    assert found.aic(rows) == pytest.approx(-2 * log_likelihood + 2 * count, rel=1e-12)


@pytest.mark.parametrize("kind", TYPES)
def test_one_component_with_a_ridge_is_scikit_learns(kind, rows):
    settings = {"covariance_type": kind, "reg_covar": 0.3}
    mine, other = GaussianMixture(**settings).fit(rows), theirs.GaussianMixture(**settings).fit(rows)
    assert_allclose(mine.covariances_, other.covariances_, rtol=1e-9)


def test_the_ridge_is_the_stated_penalty(rows):
    ridge, found = 0.2, GaussianMixture(n_components=2, reg_covar=0.2, tol=1e-12, max_iter=500, random_state=0).fit(rows)
    penalty = ridge * len(rows) / 2 * sum(np.trace(np.linalg.inv(each)) for each in found.covariances_) / 2
    assert found.lower_bound_ == pytest.approx(found.score(rows) - penalty / len(rows), abs=1e-8)
    assert (np.diff(found.lower_bounds_) > -1e-12).all()
    # The M-step as stated, from the responsibilities: λ₀ N / (K N_k) more variance than the rows have.
    member = found.predict_proba(rows)
    for k, count in enumerate(member.sum(axis=0)):
        residuals = rows - found.means_[k]
        own = (member[:, k, None] * residuals).T @ residuals / count
        assert_allclose(found.covariances_[k], own + ridge * len(rows) / (2 * count) * np.eye(2), atol=1e-5)


@pytest.mark.parametrize("kind", TYPES)
def test_map_satisfies_the_stated_formulae(kind, rows):
    prior = {"weight_concentration_prior": 3.0, "mean_precision_prior": 5.0, "mean_prior": [1.0, -1.0]}
    prior |= {"degrees_of_freedom_prior": 4.0}
    found = BayesianGaussianMixture(
        n_components=2, covariance_type=kind, reg_covar=0, tol=1e-13, max_iter=500, random_state=0, **prior
    ).fit(rows)
    member = found.predict_proba(rows)
    count = member.sum(axis=0)
    averages = member.T @ rows / count[:, None]
    assert_allclose(found.weights_, (count + 3) / (250 + 6), atol=1e-6)
    means = (count[:, None] * averages + 5 * np.array([1.0, -1.0])) / (count[:, None] + 5)
    assert_allclose(found.means_, means, atol=1e-5)
    scatter = []
    for k in range(2):
        residuals, moved = rows - averages[k], averages[k] - [1, -1]
        scatter.append((member[:, k, None] * residuals).T @ residuals + 5 * count[k] / (5 + count[k]) * np.outer(moved, moved))
    scale, scatter = found.covariance_prior_, np.stack(scatter)
    variances = scatter.diagonal(axis1=1, axis2=2)
    # The exponent of |Σ|: rows and ν, D + 1 of the law of Σ (2 of a variance), and one of each mean that Σ is in the law of.
    wanted = {
        "full": lambda: (scale + scatter) / (count + 4 + 3 + 1)[:, None, None],
        "tied": lambda: (scale + scatter.sum(axis=0)) / (250 + 4 + 3 + 2),
        "diag": lambda: (scale + variances) / (count + 4 + 2 + 1)[:, None],
        "spherical": lambda: (scale + variances.sum(axis=1)) / (2 * count + 4 + 2 + 2),
    }[kind]()
    assert_allclose(found.covariances_, wanted, atol=1e-5)
    assert_allclose(found.weight_concentration_, 3 + count, atol=1e-3)
    assert_allclose(found.mean_precision_, 5 + count, atol=1e-3)
    assert_allclose(found.degrees_of_freedom_, 4 + count, atol=1e-3)


def test_default_prior_is_scikit_learns(rows):
    mine = BayesianGaussianMixture(n_components=2, random_state=0).fit(rows)
    other = theirs.BayesianGaussianMixture(n_components=2, random_state=0).fit(rows)
    for name in ("weight_concentration", "mean_precision", "mean", "degrees_of_freedom", "covariance"):
        assert_allclose(getattr(mine, f"{name}_prior_"), getattr(other, f"{name}_prior_"), rtol=1e-12)

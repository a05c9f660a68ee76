"""The law of Σ = diag(σ) R diag(σ): its density integrates to one, and its draws are draws from that density."""

from functools import cache, partial

import jax
import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from gmm_ppl.priors.laws import SeparatedCovariance
from tests.priors.oracles import covariance_log_density

pytestmark = pytest.mark.usefixtures("x64")
DRAWS = 20_000


@jax.jit
def compiled_density(scale, eta, matrices):
    return SeparatedCovariance(scale, eta).log_prob(matrices)


def density(scale, eta, matrices):
    return np.asarray(compiled_density(np.array(scale), eta, matrices))


@cache
def draws(scale, eta):
    law = SeparatedCovariance(np.array(scale), eta)
    return np.asarray(jax.jit(partial(law.sample, sample_shape=(DRAWS,)))(jax.random.key(5)))


def test_one_feature_is_the_square_of_a_half_normal():
    values = np.array([0.1, 1.0, 7.0])
    found = density([1.5], 2.0, values[:, None, None])
    np.testing.assert_allclose(found, stats.chi2.logpdf(values / 1.5**2, 1) - 2 * np.log(1.5), rtol=1e-12)
    assert quad(lambda v: np.exp(stats.chi2.logpdf(v, 1)), 0, np.inf)[0] == pytest.approx(1)


@pytest.mark.parametrize("eta", [0.7, 1.0, 3.0])
def test_two_features_integrate_to_one(eta):
    """Over variances and covariance themselves: v = σ², c = r √(v₁ v₂) with dc = √(v₁ v₂) dr, dv = 2 σ dσ."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    sigma, sigma_weight = 4 * (nodes + 1), 4 * weights
    # r = sin θ takes the edge |r| = 1, where the density is infinite for η < 1, out of the way.
    angle, angle_weight = np.pi / 2 * nodes, np.pi / 2 * weights
    first, second, theta = np.meshgrid(sigma, sigma, angle, indexing="ij")
    off = np.sin(theta) * first * second
    matrices = np.stack([np.stack([first**2, off], -1), np.stack([off, second**2], -1)], -2)
    measure = (2 * first) * (2 * second) * first * second * np.cos(theta)
    product = sigma_weight[:, None, None] * sigma_weight[:, None] * angle_weight
    total = (np.exp(density([1.0, 1.2], eta, matrices)) * measure * product).sum()
    np.testing.assert_allclose(total, 1, rtol=2e-3 if eta < 1 else 1e-9)


@pytest.mark.parametrize("eta", [1.0, 2.5])
def test_three_features_by_hand(eta):
    matrices = stats.wishart(5, np.eye(3)).rvs(4, random_state=0)
    scale = np.array([1.0, 2.0, 0.5])
    wanted = [covariance_log_density(each, scale, eta) for each in matrices]
    np.testing.assert_allclose(density(scale, eta, matrices), wanted, rtol=1e-7)


def test_draws_follow_the_density():
    """E[q(Σ) / p(Σ)] = 1 under p for any density q; a Wishart narrower than p keeps the ratio bounded."""
    scale, eta, features = np.array([1.0, 2.0, 0.5]), 2.0, 3
    sampled = draws(tuple(scale), eta)
    narrower = stats.wishart(features + 3, np.diag(scale**2) / 4)
    ratios = np.exp(narrower.logpdf(np.moveaxis(sampled, 0, -1)) - density(scale, eta, sampled))
    assert abs(ratios.mean() - 1) < 5 * ratios.std() / np.sqrt(DRAWS)
    assert ratios.std() < 30


def test_draws_have_half_normal_scales_and_lkj_correlations():
    scale, eta = np.array([1.0, 2.0, 0.5]), 2.0
    sampled = draws(tuple(scale), eta)
    sigma = np.sqrt(np.diagonal(sampled, axis1=1, axis2=2))
    correlation = sampled[:, 0, 1] / (sigma[:, 0] * sigma[:, 1])
    for each, tau in zip(sigma.T, scale, strict=True):
        assert stats.kstest(each, stats.halfnorm(scale=tau).cdf).pvalue > 1e-4
    # A correlation under LKJ(η) in D dimensions is 2 Beta(a, a) − 1 with a = η + D/2 − 1.
    law = stats.beta(eta + 0.5, eta + 0.5, loc=-1, scale=2)
    assert stats.kstest(correlation, law.cdf).pvalue > 1e-4
    np.testing.assert_array_equal(sampled, np.swapaxes(sampled, 1, 2))
    assert (np.linalg.eigvalsh(sampled)[:, 0] > 0).all()


def test_one_feature_draws():
    sampled = draws((1.5,), 2.0)[:, 0, 0]
    assert stats.kstest(np.sqrt(sampled), stats.halfnorm(scale=1.5).cdf).pvalue > 1e-4


def test_batches_of_laws():
    scales = np.array([[1.0, 2.0], [0.5, 3.0]])
    law = SeparatedCovariance(scales, 2.0)
    assert (law.batch_shape, law.event_shape) == ((2,), (2, 2))
    assert jax.eval_shape(lambda key: law.sample(key, (3,)), jax.random.key(0)).shape == (3, 2, 2, 2)
    matrices = stats.wishart(4, np.eye(2)).rvs(6, random_state=0).reshape(3, 2, 2, 2)
    together = jax.jit(law.log_prob)(matrices)
    for index, scale in enumerate(scales):
        np.testing.assert_allclose(together[:, index], density(scale, 2.0, matrices[:, index]), rtol=1e-12)


def test_validation_is_numpyros():
    with pytest.raises(ValueError, match="SeparatedCovariance distribution got invalid scale parameter"):
        SeparatedCovariance(np.array([1.0, -1.0]), 2.0, validate_args=True)
    with pytest.raises(TypeError, match="sample needs a JAX random key; given None"):
        SeparatedCovariance(np.array([1.0, 1.0]), 2.0).sample(None)

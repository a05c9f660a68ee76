"""The normal approximation against exact evidence and exact posteriors, by all 2ᴺ assignments and in closed form."""

import math
import warnings
from types import SimpleNamespace

import arviz_stats
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.mode import climb as mode
from gmm_ppl.inference.mode.curvature import LARGEST_DENSE
from gmm_ppl.inference.mode.importance import smoothed
from tests.cases import ENGINE_CASES, random_rows
from tests.inference import exact
from tests.inference.exact import Numbers

SIGMAS = 4.0
EVERYDAY = {("diagonal", "weak"), ("spherical", "separated")}
PAIRS = [
    pytest.param(family, prior, marks=() if (family, prior) in EVERYDAY else pytest.mark.slow) for family, prior in ENGINE_CASES
]
CLUSTERS = np.array([-10.6, -10.1, -9.8, -9.3, -10.0, 8.7, 9.4, 10.2, 10.9, 9.9])
PRIOR = Numbers(concentration=2.0, mean=0.0, precision=0.05, degrees=6.0, scale=4.0)
ONE_PROGRAM = {"chains": 4, "draws": 2000}


def laplace(components, x=CLUSTERS, prior=PRIOR, **options):
    mixture = gp.Mixture(components, "full", prior.statement())
    return gp.laplace(mixture, x[:, None], **ONE_PROGRAM, **options)


@pytest.fixture(scope="module")
def two():
    return laplace(2)


@pytest.mark.parametrize("components", [1, 2])
def test_evidence_against_all_assignments(components, two):
    found = two if components == 2 else laplace(1)
    wanted = exact.log_evidence(CLUSTERS, PRIOR, components)
    assert 0 < found.log_evidence_error < 0.1
    assert abs(found.log_evidence - wanted) < SIGMAS * found.log_evidence_error
    assert found.normal_log_evidence == pytest.approx(wanted, abs=0.5)
    assert found.pareto_k < 0.7
    assert found.flattest > 0


def test_weighted_draws_against_all_assignments(two):
    """Self-normalised importance sampling, with its own standard error."""
    wanted, _ = exact.expectations(CLUSTERS, PRIOR)
    weights = np.exp(two.sampler_statistics["log_weight"]).ravel()
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    found = exact.invariants_of_draws(two)
    # Far from all rows the density is that of a few draws: no error can be told from 8000.
    del found["density"]
    for name, values in found.items():
        for value, each in zip(np.reshape(values, (weights.size, -1)).T, np.ravel(wanted[name]), strict=True):
            mean = weights @ value
            error = np.sqrt(weights**2 @ (value - mean) ** 2)
            assert abs(mean - each) < SIGMAS * error, name


def test_draws_drawn_anew_have_the_weighted_means(two):
    weights = np.exp(two.sampler_statistics["log_weight"]).ravel()
    means = two.parameters.means.reshape(weights.size, -1)
    again = two.resampled(draws=20_000, seed=5)
    assert again.parameters.means.shape == (1, 20_000, 2, 1)
    wanted = weights @ means
    # Systematic: each draw comes as often as its weight asks for, to one, so the error is at most that of rounding counts.
    bound = np.abs(means - wanted).max(axis=0) * weights.size / 20_000
    np.testing.assert_array_less(np.abs(again.parameters.means.mean(axis=(0, 1)).ravel() - wanted), bound)
    np.testing.assert_array_equal(two.resampled(seed=1).sites["weights"], two.resampled(seed=1).sites["weights"])


def test_the_densities_kept_are_those_of_the_draws(two):
    """log_p from the posterior at the draws; log_q from the draws' own covariance."""
    names = sorted(two.unconstrained)
    flat = np.concatenate([two.unconstrained[name].reshape(8000, -1) for name in names], axis=1)
    centred = flat - flat.mean(axis=0)
    covariance = centred.T @ centred / len(flat)
    distance = np.einsum("nd,de,ne->n", centred, np.linalg.inv(covariance), centred)
    wanted = -distance / 2 - np.linalg.slogdet(2 * math.pi * covariance)[1] / 2
    assert np.abs(two.sampler_statistics["log_q"].ravel() - wanted).mean() < 0.1
    assert np.corrcoef(two.sampler_statistics["log_q"].ravel(), wanted)[0, 1] > 0.99


def test_arviz_corrects_leave_one_out_with_the_kept_densities(two):
    tree = gp.to_datatree(two, CLUSTERS[:, None])
    stats = tree["sample_stats"].dataset
    # To leave out one row of five changes much: ArviZ may say that a row's weights have a heavy tail, and rightly.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = arviz_stats.loo_approximate_posterior(tree, stats["log_p"].values.ravel(), stats["log_q"].values.ravel())
        plain = arviz_stats.loo(gp.to_datatree(two.resampled(), CLUSTERS[:, None]))
    assert found.elpd == pytest.approx(plain.elpd, abs=0.5)


def test_labels_that_mean_something_are_not_counted(two):
    mixture = gp.Mixture(2, "full", {**PRIOR.statement(), "concentration": [2.0, 2.0 + 1e-9]})
    told_apart = gp.laplace(mixture, CLUSTERS[:, None], **ONE_PROGRAM)
    assert two.normal_log_evidence - told_apart.normal_log_evidence == pytest.approx(math.log(2), abs=1e-6)


@pytest.mark.parametrize(("family", "prior"), PAIRS)
def test_any_family_and_prior(family, prior):
    x = np.concatenate([random_rows(60), random_rows(60) + 20])
    found = gp.laplace(gp.Mixture(2, family, prior), x, draws=100)
    assert found.flattest > 0
    # Conjugate densities of several parts lack their constant.
    single = len(found.parameters.shape.family.parts) == 1
    assert np.isfinite(found.log_evidence) == (single or found.mixture.prior.kind != "conjugate")
    assert found.parameters.means.shape == (4, 100, 2, x.shape[1])


@pytest.mark.slow
def test_hundreds_of_correlated_coordinates():
    """419 of them: by the diagonal of the curvature alone Newton's steps do not come to the mode."""
    from sklearn.datasets import load_breast_cancer

    x = load_breast_cancer().data[:, :19]
    found = gp.laplace(gp.Mixture(2), (x - x.mean(axis=0)) / x.std(axis=0), chains=1)
    assert found.flattest > 0
    assert 1 < found.pareto_k < 4
    assert abs(found.log_evidence - found.normal_log_evidence) < 50


@pytest.mark.parametrize(
    ("coordinates", "words"),
    [
        (LARGEST_DENSE, r"the posterior may rise without end\. Take a stronger prior\.$"),
        (LARGEST_DENSE + 1, r"there are 2001 coordinates, and above 2000 only the diagonal of the curvature is used\. Take "),
    ],
)
def test_why_there_is_no_mode_is_said(coordinates, words, monkeypatch):
    unfinished = SimpleNamespace(done=False, log_density=0.0, position=np.zeros(coordinates))
    monkeypatch.setattr(mode, "mode_above", lambda *_: (unfinished, {}))
    with pytest.raises(gp.FitError, match=f"^laplace: no mode was reached from the EM point; {words}"):
        laplace(1)


def test_an_improper_prior_is_refused():
    with pytest.raises(gp.InputError, match="no posterior under a flat prior"):
        gp.laplace(gp.Mixture(1, prior="flat"), CLUSTERS[:, None])


def test_smoothed_weights_of_a_known_ratio(rng):
    """q standard normal, p its half: every weight is alike, and the mean is a half."""
    found = smoothed(np.full((2, 500), -math.log(2)) + 1e-9 * rng.standard_normal((2, 500)))
    assert found.log_mean == pytest.approx(-math.log(2), abs=1e-9)
    np.testing.assert_allclose(np.exp(found.log_weights), 1 / 1000, rtol=1e-6)


def test_weights_of_draws_without_density_are_0(rng):
    ratios = rng.standard_normal((1, 400))
    ratios[0, :100] = -np.inf
    found = smoothed(ratios)
    assert (found.log_weights[0, :100] == -np.inf).all()
    assert np.exp(found.log_weights).sum() == pytest.approx(1)
    assert found.log_mean == pytest.approx(0.5 + math.log(0.75), abs=4 * found.error)


@pytest.mark.parametrize("shape", [0.2, 0.9])
def test_tails_are_said(shape, rng):
    """Weights U^−k with U uniform: a Pareto law of index k; the estimate is drawn towards a half by ArviZ's weak prior."""
    assert smoothed(-shape * np.log(rng.random((1, 20_000)))).pareto_k == pytest.approx(shape, abs=0.1)

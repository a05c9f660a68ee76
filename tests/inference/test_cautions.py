"""What `fit` warns of, and that reports repeat it: variances that a prior makes, spikes, starts that collapsed."""

import json
import warnings

import numpy as np
import pytest
from scipy import stats
from scipy.linalg import eigvalsh

import gmm_ppl as gp
from gmm_ppl.inference.em.cautions import MOVED
from gmm_ppl.inference.em.spurious import thickness
from gmm_ppl.report.checks import Part
from gmm_ppl.report.findings import gather
from gmm_ppl.report.page import Tone
from gmm_ppl.report.verdict import conclude, tone_of
from tests.cases import FAMILY_NAMES, random_parameters

ROWS = 50


def two_groups(apart, features=2, seed=1):
    """Fifty rows of unit variance at 0, and fifty at `apart` in every feature."""
    x = np.random.default_rng(seed).normal(size=(2 * ROWS, features))
    x[ROWS:] += apart
    return x


def quiet(mixture, x, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gp.FitWarning)
        return gp.fit(mixture, x, **options)


def standard_errors_moved(x, count, sharing=1):
    """Of the first group's variances, the labels being known: ψ / (ψ + squares) · √(n / 2), of n squares about the mean.

    ψ is s² / K^(2/D) and what the prior of each of `sharing` means adds, κ (mean − m)².
    """
    squares = sharing * ROWS * x[:ROWS].var(axis=0)
    psi = x.var(axis=0) / 2 ** (2 / count) + sharing * 0.01 * (x[:ROWS].mean(axis=0) - x.mean(axis=0)) ** 2
    return psi / (psi + squares) * np.sqrt(sharing * ROWS / 2)


@pytest.mark.parametrize("apart", [5, 10, 20, 50, 100])
@pytest.mark.parametrize("family", ["full", "diagonal", "tied"])
def test_a_variance_that_the_prior_makes_is_said_wherever_it_is_more_than_its_error(family, apart):
    x = two_groups(apart)
    fit = quiet(gp.Mixture(2, family), x)
    moved = standard_errors_moved(x, 2, sharing=2 if family == "tied" else 1)
    said = ["the prior moves a variance by"] if moved.max() > MOVED else []
    assert [each.brief[:29] for each in fit.cautions] == said
    if fit.cautions:
        assert float(fit.cautions[0].brief.split()[-3]) == pytest.approx(moved.max(), rel=0.15)


def test_the_limit_is_where_intervals_cease_to_hold_the_truth():
    """Of a group of n rows whose variance is 1: the posterior is an inverse gamma law, its 95 % interval holds 1 or not."""
    rng = np.random.default_rng(0)

    def coverage(rows, errors, features=2):
        share = errors / np.sqrt(rows / 2)
        scale = rows * share / (1 - share) + stats.chi2(rows - 1).rvs(20_000, random_state=rng)
        posterior = stats.invgamma((rows + 3) / 2, scale=scale / 2)
        return np.mean((posterior.ppf(0.025) < 1) & (posterior.ppf(0.975) > 1))

    for rows in (10, 20, 50, 200, 1000):
        assert 0.77 < coverage(rows, MOVED) < 0.85
    assert all(coverage(rows, 2) < 0.5 for rows in (20, 50, 200, 1000))


def test_a_scale_within_the_groups_is_taken_without_a_word():
    prior = {"kind": "conjugate", "scale": 1.0, "mean_precision": 1e-6}
    x = two_groups(100)
    fit = gp.fit(gp.Mixture(2, "full", prior), x)
    # (ψ + squares) / (n + ν + D + 2), but for what a mean's prior adds.
    wanted = [(1 + ROWS * each.var(axis=0)) / (ROWS + 8) for each in (x[:ROWS], x[ROWS:])]
    np.testing.assert_allclose(np.diagonal(fit.parameters.covariances, axis1=1, axis2=2), wanted, rtol=1e-3)


@pytest.mark.parametrize(
    ("name", "components", "said"),
    [
        ("galaxies", 2, None),
        ("faithful", 2, None),
        ("iris", 3, None),
        ("galaxies", 5, "1 of 5 components thin beside the others"),
        ("galaxies", 9, "components thin beside the others"),
        ("iris", 8, "components on too few rows"),
    ],
)
def test_spurious_maxima_are_said(name, components, said):
    fit = quiet(gp.Mixture(components, "full", "flat"), gp.datasets.load(name))
    briefs = [each.brief for each in fit.cautions]
    assert not briefs if said is None else any(said in each for each in briefs)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_thickness_is_the_least_generalised_eigenvalue(family):
    found = random_parameters(family)
    mean = np.einsum("k,kde->de", found.weights, found.covariances)
    np.testing.assert_allclose(thickness(found), [eigvalsh(each, mean)[0] for each in found.covariances], rtol=1e-10)


@pytest.mark.parametrize(
    ("mixture", "data"),
    [
        (gp.Mixture(2), two_groups(100)),
        (gp.Mixture(2), two_groups(20)),
        (gp.Mixture(5, prior="flat"), gp.datasets.load("galaxies")),
        (gp.Mixture(8, prior="flat"), gp.datasets.load("iris")),
    ],
)
def test_the_report_repeats_what_fit_said(mixture, data):
    with pytest.warns(gp.FitWarning) as caught:
        fit = gp.fit(mixture, data)
    assert [str(each.message) for each in caught] == [f"EM: {each}" for each in fit.cautions]
    tree = gp.to_datatree(fit, data, standard_errors=False, prior_draws=0)
    assert [each["finding"] for each in json.loads(tree["em_fit"].attrs["cautions"])] == [each.finding for each in fit.cautions]
    checks = gather(tree).checks
    check = next(each for each in checks if each.name == "EM cautions")
    assert all(each.finding in check.finding and each.advice in check.advice for each in fit.cautions)
    assert tone_of(checks, Part.POINT) is Tone.CAUTION
    assert fit.cautions[0].brief in conclude(checks).sentence


def test_a_status_is_said_once():
    """It has a check of its own."""
    with pytest.warns(gp.FitWarning, match="step limit"):
        fit = gp.fit(gp.Mixture(2, prior="flat"), two_groups(2), starts=2, max_steps=2)
    names = [each.name for each in gather(gp.to_datatree(fit, two_groups(2), standard_errors=False)).checks]
    assert "EM status" in names
    assert "EM cautions" not in names

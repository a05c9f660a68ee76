"""Tests of uniform ranks against SciPy, and at their nominal levels."""

import numpy as np
import pytest
from scipy import stats

from gmm_ppl.calibration.uniformity import band, bins_of, chi_squared, cumulated, ecdf_p, examined, holm, uniform


@pytest.mark.parametrize(
    ("replications", "draws", "bins"), [(1000, 63, 16), (1000, 99, 20), (40, 63, 8), (9, 63, 1), (1000, 12, 13)]
)
def test_bins_divide_the_ranks_evenly_and_hold_enough(replications: int, draws: int, bins: int):
    assert bins_of(replications, draws) == bins


def test_chi_squared_is_that_of_scipy(rng: np.random.Generator):
    ranks = rng.integers(0, 64, 1000)
    statistic, p = chi_squared(ranks, 63)
    counts = np.histogram(ranks, bins=16, range=(-0.5, 63.5))[0]
    assert statistic == pytest.approx(np.sum((counts - 62.5) ** 2) / 62.5)
    assert p == pytest.approx(stats.chi2.sf(statistic, 15))


def test_too_few_ranks_for_two_bins_say_nothing():
    assert chi_squared(np.zeros(9, dtype=int), 63) == (0.0, 1.0)


@pytest.mark.parametrize(("replications", "draws"), [(50, 15), (1000, 63)])
def test_the_band_holds_uniform_samples_as_often_as_it_says(rng: np.random.Generator, replications: int, draws: int):
    low, high = band(replications, draws, 0.9)
    samples = rng.multinomial(replications, np.full(draws + 1, 1 / (draws + 1)), size=4000)
    shares = np.cumsum(samples, axis=1)[:, :-1] / replications
    held = np.mean(np.all((shares >= low - 1e-12) & (shares <= high + 1e-12), axis=1))
    # Four Monte Carlo errors below; counts are discrete, so that a band may hold a little more.
    assert 0.9 - 4 * np.sqrt(0.09 / 4000) < held < 0.94


def test_p_values_of_the_band_are_uniform_for_uniform_ranks(rng: np.random.Generator):
    p_values = [ecdf_p(rng.integers(0, 32, 200), 31) for _ in range(400)]
    assert stats.kstest(p_values, "uniform").pvalue > 1e-3


def test_a_sample_leaves_the_band_where_its_p_value_is_small(rng: np.random.Generator):
    low, high = band(300, 31)
    for power in np.linspace(0.7, 1.3, 25):
        ranks = np.floor(32 * rng.random(300) ** power).astype(int)
        shares = cumulated(ranks, 31) / 300
        inside = bool(np.all((shares >= low - 1e-12) & (shares <= high + 1e-12)))
        p = ecdf_p(ranks, 31)
        assert inside == (p >= 0.05) or abs(p - 0.05) < 0.01


def test_holm_by_hand():
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
    assert holm(np.array([0.6, 0.9])) == pytest.approx([1.0, 1.0])


def test_one_wrong_quantity_among_many_is_named(rng: np.random.Generator):
    ranks = rng.integers(0, 64, (500, 9))
    ranks[:, 4] = np.floor(64 * rng.beta(0.6, 0.6, 500))
    found = examined(ranks, tuple("abcdefghi"), 63)
    assert [test.name for test in found if test.adjusted_p < 0.05] == ["e"]


def test_uniform_shares():
    assert uniform(3) == pytest.approx([0.25, 0.5, 0.75])
    assert cumulated(np.array([0, 0, 3, 1]), 3).tolist() == [2, 3, 3]

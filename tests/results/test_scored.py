"""Intervals, tails and simulated rows against SciPy and against counts that are known."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import chi2, kstest

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance.spherical import SphericalCovariance
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.results import rows
from gmm_ppl.results.labels import parameters_of
from gmm_ppl.results.predict import predict
from gmm_ppl.results.scored import REFERENCE_ROWS, score_rows
from gmm_ppl.results.simulate import simulate
from tests.cases import FAMILY_NAMES
from tests.results.fits import CHAINS, DRAWS, at, dense, memberships, parameters, values

NEW = np.array([[0.0, 0.0], [3.0, 7.0], [50.0, -50.0], [2.0, 4.0]])


def test_it_says_what_predict_says_and_more(sampled: xr.DataTree) -> None:
    found, plain = score_rows(sampled, NEW), predict(sampled, NEW)
    xr.testing.assert_equal(found[list(plain)], plain)
    assert set(found) - set(plain) == {"responsibilities_low", "responsibilities_high", "tail", "outlier"}


def test_intervals_are_quantiles_over_draws(sampled: xr.DataTree) -> None:
    draws = parameters_of(sampled["posterior"].dataset, "full")
    every = np.array([memberships(at(draws, place), NEW) for place in np.ndindex(CHAINS, DRAWS)])
    low, high = np.quantile(every, [0.055, 0.945], axis=0)
    found = score_rows(sampled, NEW)
    np.testing.assert_allclose(found["responsibilities_low"], low, atol=2e-6)
    np.testing.assert_allclose(found["responsibilities_high"], high, atol=2e-6)


def test_a_point_has_no_intervals(pointed: xr.DataTree) -> None:
    assert set(score_rows(pointed, NEW)) == {"responsibilities", "assignment", "log_density", "tail", "outlier"}


def test_tails_of_one_gaussian_are_those_of_chi_squared() -> None:
    found = parameters("full", features=2, components=1)
    centre, root = found.means[0], np.linalg.cholesky(np.asarray(found.covariances)[0])
    distances = np.array([0.3, 1.0, 2.0, 3.0])
    x = centre + distances[:, None] * (root @ np.array([1.0, 0.0]))
    expected = chi2(2).sf(distances**2)
    tail = score_rows(found, x)["tail"].values
    error = np.sqrt(expected * (1 - expected) / REFERENCE_ROWS)
    assert (np.abs(tail - expected) < 4 * error + 1e-12).all()


@pytest.mark.parametrize("share", [0.01, 0.2])
def test_a_share_of_its_own_rows_is_flagged(pointed: xr.DataTree, share: float) -> None:
    x = simulate(pointed, 5000, seed=4)["x"].values
    flagged = float(score_rows(pointed, x, outlying=share)["outlier"].mean())
    error = np.sqrt(share * (1 - share) * (1 / 5000 + 1 / REFERENCE_ROWS))
    assert abs(flagged - share) < 4 * error


def test_a_row_far_away_is_an_outlier(sampled: xr.DataTree) -> None:
    given = np.array([[0.0, 0.0], [4.0, 8.0], [50.0, -50.0]])
    assert score_rows(sampled, given)["outlier"].values.tolist() == [False, False, True]


def test_simulated_rows_have_the_law_of_the_mixture() -> None:
    found = parameters("diagonal", features=1, components=2)
    drawn = simulate(found, 4000, seed=1)
    spread = np.sqrt(np.asarray(found.covariances)[:, 0, 0])
    for component in (0, 1):
        x = drawn["x"].values[drawn["origin"].values == component, 0]
        assert kstest((x - found.means[component, 0]) / spread[component], "norm").pvalue > 1e-3
    share = float((drawn["origin"] == 1).mean())
    assert abs(share - found.weights[1]) < 4 * np.sqrt(found.weights[1] * found.weights[0] / 4000)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_simulated_rows_have_the_covariances_of_any_family(family: str) -> None:
    found = parameters(family)
    drawn = simulate(found, 20_000, seed=5)
    for component, covariance in enumerate(dense(found)):
        x = drawn["x"].values[drawn["origin"].values == component]
        error = np.sqrt((covariance**2 + np.outer(np.diag(covariance), np.diag(covariance))) / len(x))
        assert (np.abs(np.cov(x.T, bias=True) - covariance) < 4.5 * error).all()
        assert (np.abs(x.mean(axis=0) - found.means[component]) < 4.5 * np.sqrt(np.diag(covariance) / len(x))).all()


def test_each_row_is_of_its_own_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "batch_of", lambda each: 7)
    apart = MixtureParameters(
        np.array([[1.0, 0.0], [0.0, 1.0]]),
        np.array([[[0.0], [1e6]], [[2e6], [3e6]]]),
        SphericalCovariance(np.full((2, 2), 1e-6)),
    )
    x, component = rows.sampled_rows(apart, 400, seed=0)
    np.testing.assert_array_equal(x[:, 0].round(), np.where(component == 0, 0.0, 3e6))
    assert 150 < component.sum() < 250


def test_from_draws_rows_are_predictive(sampled: xr.DataTree) -> None:
    drawn = simulate(sampled, 20_000, seed=2)
    draws = parameters_of(sampled["posterior"].dataset, "full")
    expected = np.einsum("csk,cskd->csd", draws.weights, draws.means).mean(axis=(0, 1))
    error = drawn["x"].values.std(axis=0) / np.sqrt(20_000)
    assert (np.abs(drawn["x"].values.mean(axis=0) - expected) < 4 * error).all()
    assert drawn["feature"].values.tolist() == ["length", "width"]


def test_the_same_seed_gives_the_same_rows(sampled: xr.DataTree) -> None:
    xr.testing.assert_identical(simulate(sampled, 5, seed=3), simulate(sampled, 5, seed=3))
    assert not simulate(sampled, 5, seed=3).equals(simulate(sampled, 5, seed=4))


def test_refusals(pointed: xr.DataTree) -> None:
    with pytest.raises(InputError, match="outlying must be between 0 and 1, the share"):
        score_rows(pointed, values(), outlying=1.5)
    with pytest.raises(InputError, match="rows must be at least 1; given 0"):
        simulate(pointed, 0)

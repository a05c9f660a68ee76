"""Row weights at the door of `fit`: whole numbers are repeated rows, 0 is none, and what counts rows once says so."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

import gmm_ppl as gp
from tests.cases import FAMILY_NAMES, random_parameters


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return gp.draw(random_parameters("full", components=2), 80, seed=3)[0]


@pytest.fixture(scope="module")
def weights(rows) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 4, len(rows))


@pytest.mark.parametrize(
    ("family", "prior"), [*((family, prior) for family in FAMILY_NAMES for prior in ("flat", "weak")), ("diagonal", "separated")]
)
def test_whole_weights_are_repeated_rows(family, prior, rows, weights):
    mixture, start = gp.Mixture(2, family, prior), random_parameters(family, components=2)
    weighted = gp.fit(mixture, rows, start=start, row_weights=weights)
    repeated = gp.fit(mixture, np.repeat(rows, weights, axis=0), start=start)
    assert weighted.objective == pytest.approx(repeated.objective, rel=1e-11)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, abs=1e-5)
    for name, value in weighted.sites.items():
        assert_allclose(value, repeated.sites[name], rtol=1e-4, atol=1e-5)


def test_one_step_is_exact(rows, weights):
    mixture, start = gp.Mixture(2), random_parameters("full", components=2)
    with pytest.warns(gp.FitWarning, match="step limit"):
        weighted = gp.fit(mixture, rows, start=start, row_weights=weights, max_steps=1)
    with pytest.warns(gp.FitWarning, match="step limit"):
        repeated = gp.fit(mixture, np.repeat(rows, weights, axis=0), start=start, max_steps=1)
    assert_allclose(weighted.parameters.covariances, repeated.parameters.covariances, rtol=1e-12)
    assert_allclose(weighted.parameters.means, repeated.parameters.means, rtol=1e-12)
    assert weighted.objective == pytest.approx(repeated.objective, rel=1e-13)


@pytest.mark.parametrize("start", ["kmeans", "random"])
def test_a_row_of_weight_zero_is_not_there(start, rows):
    far = np.vstack([rows, [[1e6, -1e6]]])
    weighted = gp.fit(gp.Mixture(2), far, start=start, row_weights=np.append(np.ones(len(rows)), 0))
    assert weighted.objective == pytest.approx(gp.fit(gp.Mixture(2), rows).objective, abs=1e-6)


def test_ones_change_nothing(rows):
    plain, ones = gp.fit(gp.Mixture(2), rows), gp.fit(gp.Mixture(2), rows, row_weights=np.ones(len(rows)))
    assert_allclose(ones.parameters.means, plain.parameters.means, rtol=1e-6)
    assert plain.row_weights is None
    assert ones.row_weights is not None


def test_what_counts_rows_once_refuses(rows, weights):
    point = gp.fit(gp.Mixture(2), rows, row_weights=weights)
    for name, call in {
        "to_datatree": lambda: gp.to_datatree(point, rows),
        "standard_errors": lambda: gp.standard_errors(point, rows),
        "bootstrap": lambda: gp.bootstrap(point, rows),
        "start": lambda: gp.sample(gp.Mixture(2), rows, start=point),
    }.items():
        with pytest.raises(gp.InputError, match=f"{name}: the fit was made with row weights"):
            call()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.0, 2.0], "row_weights: expected 80 numbers, one for each row; given shape (2,)."),
        ("many", "row_weights: expected 80 numbers, one for each row; given str."),
        (np.full(80, np.nan), "row_weights: expected finite numbers from 0; row 0, counting from 0, has nan (80 such rows)."),
        (np.zeros(80), "row_weights: every weight is zero, so that no row counts."),
        (np.eye(80)[3], "row_weights: 1 rows have a weight above 0, and 2 components need as many at least."),
    ],
)
def test_weights_that_cannot_be_used(given, message, rows):
    with pytest.raises(gp.InputError, match=re.escape(message)):
        gp.fit(gp.Mixture(2), rows, row_weights=given)

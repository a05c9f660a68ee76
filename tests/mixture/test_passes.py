"""Passes as values: NumPy's and JAX's agree to rounding with each other, and with each mixture alone."""

from collections import defaultdict

import numpy as np
import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.mixture import passes
from gmm_ppl.mixture.passes import COMPILING, LARGE, PASSES, USUAL, JaxPass, NumPyPass, pass_over
from gmm_ppl.mixture.rows import rows
from gmm_ppl.records import map_arrays
from tests.cases import FAMILY_NAMES, mixture_shape, random_parameters, random_rows
from tests.mixture import oracles
from tests.mixture.test_data_pass import check_statistics

EACH = pytest.mark.parametrize("name", FAMILY_NAMES)
WEIGHTS = np.random.default_rng(3).gamma(1.0, size=301)
X = random_rows(301)


def lane(tree, place):
    return map_arrays(lambda leaf: leaf[place], tree)


def summed(kind, held, parameters):
    """In NumPy's arrays, whatever the pass runs in."""
    data_pass = kind(held)
    with data_pass.session():
        value, statistics = data_pass(parameters)
    for leaf in (value, statistics.count, statistics.first, statistics.second, statistics.centre):
        assert type(leaf) is np.ndarray
        assert leaf.dtype == np.float64
    return value, statistics


def check_lanes(value, statistics, x, weights, parameters):
    for place in range(parameters.weights.shape[0]):
        one = lane(parameters, place)
        np.testing.assert_allclose(value[place], weights @ oracles.log_density(x, one), rtol=1e-12)
        memberships = oracles.responsibilities(x, one) * weights[:, None]
        check_statistics(lane(statistics, place), x, memberships)


@EACH
@pytest.mark.parametrize("kind", PASSES.values(), ids=PASSES)
def test_every_lane_is_its_own_mixture(name, kind):
    parameters = random_parameters(name, lanes=(3,))
    value, statistics = summed(kind, rows(X, WEIGHTS), parameters)
    assert value.shape == (3,)
    check_lanes(value, statistics, X, WEIGHTS, parameters)


@EACH
@pytest.mark.parametrize("features", [1, 4])
def test_both_agree_to_rounding(name, features):
    """Also where some lanes need the form that keeps its digits and others do not."""
    x = random_rows(2000, features)
    parameters = random_parameters(name, 5, features, lanes=(4,))
    parameters.means[1:3] += 1e7 * np.arange(5)[:, None]
    (one, first), (other, second) = (summed(kind, rows(x), parameters) for kind in (NumPyPass, JaxPass))
    np.testing.assert_allclose(one, other, rtol=1e-12)
    for a, b in zip((first.count, first.means, first.scatter), (second.count, second.means, second.scatter), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * np.abs(b).max())


@EACH
def test_features_are_kept_or_not(name, monkeypatch):
    """Many rows are expanded again in every pass; the sums are the same."""
    parameters = random_parameters(name, lanes=(2,))
    kept = summed(NumPyPass, rows(X, WEIGHTS), parameters)
    monkeypatch.setattr(passes, "HELD", 0)
    again = summed(NumPyPass, rows(X, WEIGHTS), parameters)
    np.testing.assert_allclose(kept[0], again[0], rtol=1e-13)
    np.testing.assert_allclose(kept[1].second, again[1].second, rtol=1e-11, atol=1e-11)


def test_a_pass_is_good_for_any_number_of_lanes():
    held = NumPyPass(rows(X, WEIGHTS))
    for lanes in (1, 5, 2):
        parameters = random_parameters("full", lanes=(lanes,))
        check_lanes(*held(parameters), X, WEIGHTS, parameters)


def test_rows_of_weight_zero_count_for_nothing():
    weights = np.where(np.arange(301) < 100, 0, WEIGHTS)
    x = X.copy()
    x[:100] = 1e6
    parameters = random_parameters("tied", lanes=(2,))
    for kind in PASSES.values():
        found, wanted = (summed(kind, *each, parameters) for each in ((rows(x, weights),), (rows(X[100:], WEIGHTS[100:]),)))
        np.testing.assert_allclose(found[0], wanted[0], rtol=1e-13)
        np.testing.assert_allclose(found[1].second, wanted[1].second, rtol=1e-11, atol=1e-11)


FULL = mixture_shape("full")
A_ROW = FULL.family.moment.count_features(2) + 3


@pytest.fixture
def new_process(monkeypatch):
    """As where nothing was compiled or gone through."""
    monkeypatch.setattr(passes, "gone_through", defaultdict(float))


def rows_of(numbers):
    """So many that a pass of one start goes through about so many numbers."""
    return rows(np.zeros((int(numbers / A_ROW) + 1, 2)))


def chosen(held, lanes=1):
    return type(pass_over(held, FULL, lanes))


@pytest.mark.usefixtures("new_process")
def test_small_work_is_done_in_numpy_and_large_in_jax():
    price = COMPILING / USUAL
    for share, kind in ((0.99, NumPyPass), (1.01, JaxPass)):
        assert chosen(rows_of(share * price)) is kind
        assert chosen(rows_of(share * price / 10), lanes=10) is kind
        assert type(pass_over(rows_of(share * price), FULL, 1, "numpy")) is NumPyPass
    # However many starts there are: NumPy takes them together.
    assert chosen(rows_of(0.9 * LARGE), lanes=10_000) is NumPyPass


@pytest.mark.usefixtures("new_process")
def test_a_program_that_is_there_is_taken():
    """One of the same rows and mixture, unless the work is so small that NumPy is faster."""
    large, small = rows_of(1.1 * LARGE), rows_of(0.9 * LARGE)
    parameters = random_parameters("full", lanes=(1,))
    assert chosen(large) is chosen(small) is NumPyPass
    for held in (large, small):
        summed(JaxPass, held, parameters)
    assert chosen(large) is JaxPass
    assert chosen(small) is NumPyPass
    assert chosen(rows_of(1.2 * LARGE)) is NumPyPass
    assert type(pass_over(large, mixture_shape("tied"), 1)) is NumPyPass


@pytest.mark.usefixtures("new_process")
def test_a_program_is_compiled_once_numpy_has_cost_as_much(monkeypatch):
    monkeypatch.setattr(passes, "COMPILING", 1.1 * LARGE * (USUAL + 3))
    held, parameters = rows_of(1.1 * LARGE), random_parameters("full", lanes=(1,))
    for _ in range(3):
        assert chosen(held) is NumPyPass
        summed(NumPyPass, held, parameters)
    assert chosen(held) is JaxPass


@pytest.mark.parametrize("name", ["Numpy", 1, ""])
def test_an_unknown_pass_is_refused(name):
    with pytest.raises(InputError) as caught:
        pass_over(rows(X), mixture_shape("full"), 1, name)
    assert str(caught.value) == f"data_pass: none is called {name!r}; choose numpy or jax, or None for the faster one."

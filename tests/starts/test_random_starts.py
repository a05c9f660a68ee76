"""Every random start, whatever the data: parameters from which EM can set out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.errors import InputError
from gmm_ppl.starts import STARTS, starting_parameters
from gmm_ppl.starts.kmeans import kmeans_start, lloyd, nearest, seeds
from gmm_ppl.starts.random import random_start
from tests.cases import FAMILY_NAMES, random_rows

pytestmark = pytest.mark.usefixtures("x64")
S, K = 3, 3
HARD_DATA = {
    "plain": random_rows(30),
    "as many rows as components": random_rows(3),
    "one row more": random_rows(4),
    "one place and a few others": np.vstack([np.zeros((27, 2)), [[1.0, 0.5], [2.0, 3.0], [5.0, 1.0]]]),
    "far and small": 1e8 + 1e-3 * random_rows(30),
    "tiny units": 1e-100 * random_rows(30),
    "units far apart": random_rows(30) * [1e-8, 1e8],
    "more features than rows": random_rows(4, 6),
}


def starts_of(family, data, components=K, start="kmeans", seed=0):
    # The flat prior, since the weak one refuses data whose covariance is singular; starts make do.
    posterior = gp.posterior(gp.Mixture(components, family, "flat"), data)
    return jax.tree.map(np.asarray, starting_parameters(posterior, start=start, starts=S, seed=seed))


def check_valid(parameters, data, components):
    features = data.shape[1]
    assert parameters.weights.shape == (S, components)
    assert parameters.means.shape == (S, components, features)
    for leaf in jax.tree.leaves(parameters):
        assert np.isfinite(leaf).all()
    # EM cannot leave a weight of 0.
    assert (parameters.weights > 0).all()
    np.testing.assert_allclose(parameters.weights.sum(axis=1), np.ones(S), rtol=1e-12)
    deviations = data.std(axis=0)
    for index in range(S):
        each = jax.tree.map(lambda leaf, index=index: leaf[index], parameters)
        standardised = each.covariances / deviations[:, None] / deviations
        assert (np.linalg.eigvalsh(standardised)[:, 0] > 1e-12).all()


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("data", HARD_DATA)
def test_starts_are_valid_on_hard_data(data, start):
    rows = HARD_DATA[data]
    check_valid(starts_of("full", rows, start=start), rows, K)


def test_starts_are_valid_with_fewer_places_than_components():
    rows = np.repeat([[0.0, 0.0], [1.0, 2.0], [5.0, 1.0]], 10, axis=0)
    check_valid(starts_of("spherical", rows, components=5), rows, 5)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_starts_are_valid_for_every_family(family, start):
    rows = HARD_DATA["plain"]
    check_valid(starts_of(family, rows, start=start), rows, K)


@pytest.mark.parametrize("start", STARTS)
def test_one_component_starts_at_the_data(start):
    rows = HARD_DATA["plain"]
    parameters = starts_of("full", rows, components=1, start=start)
    check_valid(parameters, rows, 1)
    if start == "kmeans":
        np.testing.assert_allclose(parameters.means[:, 0], np.stack([rows.mean(axis=0)] * S), atol=1e-9)


@pytest.mark.parametrize("start", STARTS)
def test_starts_differ_and_are_settled_by_their_seed(start):
    first, again, other = (starts_of("full", HARD_DATA["plain"], start=start, seed=seed).means for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(np.unique(first[:, :, 0].round(12), axis=0)) > 1


@pytest.mark.parametrize("data", ["plain", "as many rows as components", "one row more"])
def test_random_means_are_distinct_rows(data):
    rows = HARD_DATA[data]
    for means in starts_of("full", rows, start="random").means:
        positions = [int(np.flatnonzero((rows == mean).all(axis=1))[0]) for mean in means]
        assert len(set(positions)) == K


def test_random_starts_share_the_datas_covariance():
    """The M-step of the weak prior on all rows, equally shared: (Ψ + S/K + pull) / (N/K + ν + D + 2), pull 0 at the mean."""
    rows = HARD_DATA["plain"]
    parameters = starts_of("full", rows, start="random")
    covariance = np.cov(rows.T, bias=True)
    scale = covariance + 1e-6 * np.diag(np.diagonal(covariance))
    wanted = (scale / K + 30 / K * covariance) / (30 / K + 4 + 2 + 2)
    np.testing.assert_allclose(parameters.covariance.values[0], np.stack([wanted] * K), rtol=1e-10)
    np.testing.assert_allclose(parameters.weights, np.full((S, K), 1 / K), rtol=1e-14)


def test_kmeans_finds_clusters_that_are_apart():
    centres = np.array([[0.0, 0.0], [50.0, 0.0], [0.0, 50.0]])
    rows = np.concatenate([each + random_rows(10, seed=seed) / 10 for seed, each in enumerate(centres)])
    for means in starts_of("spherical", rows).means:
        nearest_centres = np.linalg.norm(means[:, None] - centres, axis=2).argmin(axis=1)
        assert set(nearest_centres.tolist()) == {0, 1, 2}


def test_a_columns_unit_does_not_choose_the_start():
    rows, units = HARD_DATA["plain"], np.array([1e-6, 1e6])
    plain, moved = (starts_of("diagonal", each) for each in (rows, rows * units))
    np.testing.assert_allclose(moved.means, plain.means * units, rtol=1e-9)
    np.testing.assert_allclose(moved.weights, plain.weights, rtol=1e-9)


def test_seeds_are_drawn_by_squared_distance():
    """Four rows on a line: every ordered pair's probability is 1/4 · d²/Σd², within five standard errors."""
    rows = np.array([0.0, 1.0, 3.0, 7.0])
    draws = 20_000
    drawn = jax.jit(lambda keys: jax.vmap(lambda key: seeds(key, jnp.asarray(rows)[:, None], jnp.ones(4), 2))(keys))
    pairs = np.asarray(drawn(jax.random.split(jax.random.key(0), draws)))[:, :, 0]
    for first in rows:
        squares = (rows - first) ** 2
        for second, square in zip(rows, squares, strict=True):
            wanted = 0.25 * square / squares.sum()
            found = np.mean((pairs[:, 0] == first) & (pairs[:, 1] == second))
            assert abs(found - wanted) <= 5 * np.sqrt(wanted * (1 - wanted) / draws)


def test_row_weights_count_as_repeated_rows_in_seeds():
    rows, weights = np.array([[0.0], [1.0], [2.0]]), np.array([0.0, 3.0, 1.0])
    drawn = jax.jit(lambda keys: jax.vmap(lambda key: seeds(key, jnp.asarray(rows), jnp.asarray(weights), 2))(keys))
    pairs = np.asarray(drawn(jax.random.split(jax.random.key(0), 4000)))[:, :, 0]
    assert not (pairs == 0).any()
    assert abs((pairs[:, 0] == 1).mean() - 0.75) < 5 * np.sqrt(0.75 * 0.25 / 4000)


def test_a_step_of_k_means_by_hand():
    rows, weights = np.array([[0.0], [1.0], [10.0], [12.0]]), np.array([1.0, 3.0, 1.0, 1.0])
    moved = lloyd(rows, weights, np.array([[0.0], [11.0], [500.0]]))
    np.testing.assert_allclose(moved, [[0.75], [11.0], [500.0]], rtol=1e-14)
    np.testing.assert_array_equal(nearest(rows, moved), np.eye(3)[[0, 0, 1, 1]])


def test_the_registry():
    assert STARTS["kmeans"] is kmeans_start
    assert STARTS["random"] is random_start


def test_an_unknown_start_is_refused():
    posterior = gp.posterior(gp.Mixture(2), HARD_DATA["plain"])
    with pytest.raises(InputError) as caught:
        starting_parameters(posterior, start="k-means", starts=1, seed=0)
    assert str(caught.value) == "start: none is called 'k-means'; choose one of kmeans, random, or give parameters."

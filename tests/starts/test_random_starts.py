"""Every random start, whatever the data: parameters from which EM can set out."""

import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import find_family
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.mixture.rows import rows
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.starts import MOST_ROWS, STARTS, Beginnings
from gmm_ppl.starts.random import random_means
from tests.cases import FAMILY_NAMES, random_rows

S, K = 3, 3
KINDS = [kind for kind in STARTS if kind != "several"]
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


def beginnings(family, data, components=K, seed=0, weights=None):
    shape = MixtureShape(components, data.shape[1], find_family(family))
    return Beginnings(rows(data, weights), shape, data_scale(data, weights), seed)


def starts_of(family, data, components=K, start="kmeans", seed=0):
    return beginnings(family, data, components, seed).draw(start, S)


def check_valid(parameters, data, components):
    features = data.shape[1]
    assert parameters.weights.shape == (S, components)
    assert parameters.means.shape == (S, components, features)
    for leaf in parameters.sites.values():
        assert np.isfinite(leaf).all()
    # EM cannot leave a weight of 0.
    assert (parameters.weights > 0).all()
    np.testing.assert_allclose(parameters.weights.sum(axis=1), np.ones(S), rtol=1e-12)
    deviations = data.std(axis=0)
    standardised = parameters.covariances / deviations[:, None] / deviations
    assert (np.linalg.eigvalsh(standardised)[..., 0] > 1e-12).all()


@pytest.mark.parametrize("start", KINDS)
@pytest.mark.parametrize("data", HARD_DATA)
def test_starts_are_valid_on_hard_data(data, start):
    held = HARD_DATA[data]
    check_valid(starts_of("full", held, start=start), held, K)


@pytest.mark.parametrize("start", KINDS)
def test_starts_are_valid_with_fewer_places_than_components(start):
    held = np.repeat([[0.0, 0.0], [1.0, 2.0], [5.0, 1.0]], 10, axis=0)
    check_valid(starts_of("spherical", held, components=5, start=start), held, 5)


@pytest.mark.parametrize("start", KINDS)
@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_starts_are_valid_for_every_family(family, start):
    held = HARD_DATA["plain"]
    check_valid(starts_of(family, held, start=start), held, K)


@pytest.mark.parametrize("start", KINDS)
def test_one_component_starts_at_the_data(start):
    held = HARD_DATA["plain"]
    parameters = starts_of("full", held, components=1, start=start)
    check_valid(parameters, held, 1)
    if start != "random":
        np.testing.assert_allclose(parameters.means[:, 0], np.stack([held.mean(axis=0)] * S), atol=1e-9)


@pytest.mark.parametrize("start", KINDS)
def test_starts_differ_and_are_settled_by_their_seed(start):
    first, again, other = (starts_of("full", HARD_DATA["plain"], start=start, seed=seed).means for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert len(np.unique(first[:, :, 0].round(12), axis=0)) > 1
    if start != "hierarchical":
        assert not np.array_equal(first, other)


@pytest.mark.parametrize("data", ["plain", "as many rows as components", "one row more"])
def test_random_means_are_distinct_rows(data):
    held = HARD_DATA[data]
    for means in starts_of("full", held, start="random").means:
        positions = [int(np.abs(held - mean).sum(axis=1).argmin()) for mean in means]
        assert len(set(positions)) == K
        np.testing.assert_allclose(means, held[positions], rtol=1e-15)


def test_random_means_are_drawn_by_weight():
    """Without replacement, one after another: P(i, then j) = w_i / W · w_j / (W − w_i), within five standard errors."""
    weights, draws = np.array([1.0, 3.0, 0.0, 2.0]), 20_000
    held = rows(np.arange(4.0)[:, None], weights)
    found = random_means(np.random.default_rng(0), held, 2, draws)[..., 0]
    total = weights.sum()
    for i in range(4):
        for j in range(i + 1, 4):
            wanted = weights[i] * weights[j] / total * (1 / (total - weights[i]) + 1 / (total - weights[j]))
            share = np.mean((found == i).any(axis=1) & (found == j).any(axis=1))
            assert abs(share - wanted) <= 5 * np.sqrt(wanted * (1 - wanted) / draws)


def test_random_starts_share_the_datas_covariance():
    """The M-step of the weak prior on all rows, equally shared: (Ψ + S/K + pull) / (N/K + ν + D + 2), pull 0 at the mean."""
    held = HARD_DATA["plain"]
    parameters = starts_of("full", held, start="random")
    covariance = np.cov(held.T, bias=True)
    scale = covariance + 1e-6 * np.diag(np.diagonal(covariance))
    wanted = (scale / K + 30 / K * covariance) / (30 / K + 4 + 2 + 2)
    np.testing.assert_allclose(parameters.covariances[0], np.stack([wanted] * K), rtol=1e-10)
    np.testing.assert_allclose(parameters.weights, np.full((S, K), 1 / K), rtol=1e-14)


@pytest.mark.parametrize("start", ["kmeans", "hierarchical"])
def test_clusters_that_are_apart_are_found(start):
    centres = np.array([[0.0, 0.0], [50.0, 0.0], [0.0, 50.0]])
    held = np.concatenate([each + random_rows(10, seed=seed) / 10 for seed, each in enumerate(centres)])
    for means in starts_of("spherical", held, start=start).means:
        nearest_centres = np.linalg.norm(means[:, None] - centres, axis=2).argmin(axis=1)
        assert set(nearest_centres.tolist()) == {0, 1, 2}


@pytest.mark.parametrize("start", KINDS)
def test_a_columns_unit_does_not_choose_the_start(start):
    held, units = HARD_DATA["plain"], np.array([1e-6, 1e6])
    plain, moved = (starts_of("diagonal", each, start=start) for each in (held, held * units))
    np.testing.assert_allclose(moved.means, plain.means * units, rtol=1e-9)
    np.testing.assert_allclose(moved.weights, plain.weights, rtol=1e-9)


@pytest.mark.parametrize("start", KINDS)
def test_a_row_of_weight_zero_is_not_there(start):
    held = HARD_DATA["plain"]
    far, weights = np.vstack([held, [[1e6, -1e6]]]), np.append(np.ones(30), 0)
    means = beginnings("full", far, weights=weights).draw(start, S).means
    assert (np.abs(means) <= np.abs(held).max() + 1e-9).all()


def test_many_rows_are_thinned():
    """Starts look at `MOST_ROWS` of the rows, and at none of weight 0."""
    held = np.arange(MOST_ROWS + 500.0)[:, None]
    all_count = beginnings("full", held).rows
    assert len(np.unique(all_count.columns)) == MOST_ROWS
    assert all_count.columns.max() > MOST_ROWS
    even = beginnings("full", held, weights=(held[:, 0] % 2 == 0).astype(float)).rows
    assert (even.columns % 2 == 0).all()
    assert even.weights.sum() == len(held) / 2


def test_an_unknown_start_is_refused():
    message = f"start: none is called 'k-means'; choose one of {', '.join(STARTS)}, or give parameters."
    for components in (1, 2):
        with pytest.raises(InputError) as caught:
            gp.fit(gp.Mixture(components), HARD_DATA["plain"], start="k-means")
        assert str(caught.value) == message


def test_the_registry_says_what_each_kind_is():
    assert list(STARTS)[:2] == ["several", "random"]
    assert all(words and not words.endswith(".") for words in STARTS.values())

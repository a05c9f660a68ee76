"""Every kind of partition that EM starts from: what all promise, and each against a brute-force or SciPy's answer."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from gmm_ppl.starts import partitions
from gmm_ppl.starts.partitions import PARTITIONS, trees
from gmm_ppl.starts.partitions import places as module
from gmm_ppl.starts.partitions.centres import moments_of, moved_centres, near_centres
from gmm_ppl.starts.partitions.kmeans import drawn, filled, lloyd, seeds
from gmm_ppl.starts.partitions.nearest import distinct
from gmm_ppl.starts.partitions.places import places_of, ranks, standardised
from gmm_ppl.starts.partitions.trees import AVERAGE, COMPLETE, WARD, cut, tree_of
from gmm_ppl.starts.partitions.trees import pairwise as squared_pairs

HARD = tuple(kind for kind in PARTITIONS if kind != "responsibilities")
EVERY_KIND = pytest.mark.parametrize("kind", PARTITIONS)
HARD_KIND = pytest.mark.parametrize("kind", HARD)
S, K = 7, 3


def some_rows(count=40, features=3, seed=5):
    return np.random.default_rng(seed).normal(size=(count, features)) * [1.0, 3.0, 0.5][:features]


def separated(seed=6):
    """Three groups of 20, 30 and 10 rows, and their labels."""
    labels = np.repeat([0, 1, 2], [20, 30, 10])
    return np.array([[0.0, 0.0], [9.0, 1.0], [4.0, 8.0]])[labels] + some_rows(60, 2, seed) / 10, labels


def partition(kind, x, weights=None, components=K, count=S, seed=0):
    x = np.asarray(x, dtype=float)
    weights = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    return PARTITIONS[kind](np.random.default_rng(seed), places_of(x, weights, seed), components, count)


def together(memberships):
    """Whether two rows are in one component, whatever its number."""
    return memberships @ memberships.swapaxes(-1, -2) > 0.5


def same_groups(labels, others):
    return np.array_equal(labels[:, None] == labels, others[:, None] == others)


def check_memberships(found, count, rows, components):
    assert found.shape == (count, rows, components)
    assert found.dtype == np.float64
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=2), 1, rtol=1e-14)


# What every kind promises.


@EVERY_KIND
@pytest.mark.parametrize("components", [1, 2, 5])
@pytest.mark.parametrize("count", [1, 4, 9])
def test_as_many_memberships_as_asked_for(kind, components, count):
    found = partition(kind, some_rows(), components=components, count=count)
    check_memberships(found, count, 40, components)
    assert (found.sum(axis=1) > 0).all()


@HARD_KIND
def test_hard_ones_are_one_hot(kind):
    assert np.isin(partition(kind, some_rows()), [0, 1]).all()


@EVERY_KIND
def test_the_seed_decides(kind):
    found = partition(kind, some_rows(), seed=3)
    np.testing.assert_array_equal(found, partition(kind, some_rows(), seed=3))
    assert np.array_equal(found, partition(kind, some_rows(), seed=4)) == (kind == "hierarchical")


@EVERY_KIND
def test_starts_differ(kind):
    found = partition(kind, some_rows(), count=4)
    assert not any(np.array_equal(together(one), together(other)) for one, other in pairwise(found))


@EVERY_KIND
def test_units_and_offsets_do_not_matter(kind):
    moved = some_rows() * [1e-3, 7.0, 1e4] + [5.0, -1e3, 1e8]
    np.testing.assert_array_equal(partition(kind, moved), partition(kind, some_rows()))


@EVERY_KIND
@pytest.mark.parametrize("unit", [1e-150, 1e150])
def test_units_may_be_extreme(kind, unit):
    np.testing.assert_array_equal(partition(kind, some_rows() * unit), partition(kind, some_rows()))


@HARD_KIND
def test_the_order_of_rows_does_not_matter(kind):
    order = np.random.default_rng(1).permutation(40)
    weights = np.arange(40) % 4
    expected = partition(kind, some_rows(), weights)[:, order]
    np.testing.assert_array_equal(partition(kind, some_rows()[order], weights[order]), expected)


@HARD_KIND
def test_rows_that_do_not_count_have_no_say(kind):
    outliers = some_rows(25, seed=8) * 50
    found = partition(kind, np.vstack([outliers, some_rows()]), np.repeat([0, 1], [25, 40]))
    check_memberships(found, S, 65, K)
    np.testing.assert_array_equal(found[:, 25:], partition(kind, some_rows()))


@HARD_KIND
def test_rows_that_do_not_count_are_never_seeds(kind):
    x = np.vstack([some_rows(30, seed=8) * 50, some_rows(4)])
    found = partition(kind, x, np.repeat([0, 1], [30, 4]), components=4, count=50)
    np.testing.assert_array_equal(found[:, 30:].sum(axis=1), 1)


@HARD_KIND
def test_a_weight_of_three_is_three_rows(kind):
    weights = np.arange(40) % 4
    copies = np.repeat(np.arange(40), weights)
    np.testing.assert_array_equal(partition(kind, some_rows(), weights)[:, copies], partition(kind, some_rows()[copies]))


@EVERY_KIND
@pytest.mark.parametrize("features", [1, 2, 3])
def test_copies_leave_no_component_empty(kind, features):
    x = np.repeat(some_rows(5, features), [30, 1, 2, 1, 10], axis=0)
    found = partition(kind, x, components=5, count=50)
    check_memberships(found, 50, 44, 5)
    assert (found.sum(axis=1) > 0).all()


@HARD_KIND
def test_copies_stay_together(kind):
    found = partition(kind, np.repeat(some_rows(8), 5, axis=0))
    np.testing.assert_array_equal(found, np.repeat(found[:, ::5], 5, axis=1))


@HARD_KIND
@pytest.mark.parametrize("places", [1, 2, 4])
def test_components_are_empty_where_there_are_fewer_places(kind, places):
    found = partition(kind, np.repeat(some_rows(places), 6, axis=0), components=6)
    check_memberships(found, S, 6 * places, 6)
    np.testing.assert_array_equal((found.sum(axis=1) > 0).sum(axis=1), places)


@EVERY_KIND
def test_responsibilities_need_no_distinct_rows(kind):
    check_memberships(partition(kind, np.ones((6, 2)), components=4), S, 6, 4)


@HARD_KIND
def test_places_too_close_for_distances_still_hold_all_components(kind):
    x = np.concatenate([np.arange(4) * 1e-13, [1.0, 2.0]])[:, None]
    found = partition(kind, x, components=6, count=30)
    np.testing.assert_array_equal(found.sum(axis=1), 1)


@HARD_KIND
def test_rounded_rows_leave_no_component_empty(kind):
    x = np.random.default_rng(2).integers(0, 3, size=(60, 2))
    found = partition(kind, x, components=8, count=200)
    check_memberships(found, 200, 60, 8)
    assert (found.sum(axis=1) > 0).all()


@EVERY_KIND
@pytest.mark.parametrize("value", [0.0, 0.1, 1e8 + 0.1])
def test_a_constant_column_does_not_matter(kind, value):
    found = partition(kind, np.column_stack([np.full(40, value), some_rows()]))
    np.testing.assert_array_equal(found, partition(kind, some_rows()))


@EVERY_KIND
def test_one_component_has_all_rows(kind):
    np.testing.assert_array_equal(partition(kind, some_rows(), components=1), 1)


@HARD_KIND
def test_as_many_components_as_rows_have_one_each(kind):
    np.testing.assert_array_equal(partition(kind, some_rows(12), components=12).sum(axis=1), 1)


@EVERY_KIND
def test_one_row(kind):
    check_memberships(partition(kind, [[3.0, 4.0]], components=1), S, 1, 1)


@pytest.mark.parametrize("kind", ["kmeans", "hierarchical"])
def test_separated_groups_are_found(kind):
    x, labels = separated()
    np.testing.assert_array_equal(together(partition(kind, x)), np.broadcast_to(labels[:, None] == labels, (S, 60, 60)))


@pytest.mark.parametrize("path", sorted(Path(partitions.__file__).parent.glob("*.py")), ids=lambda path: path.name)
def test_numpy_alone(path):
    imported = re.findall(r"^\s*(?:from|import) ([\w.]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert not [name for name in imported if name.split(".")[0] in {"jax", "scipy", "sklearn", "equinox"}]


# Places.


def test_ranks_are_those_of_numpy():
    x = np.random.default_rng(3).integers(-2, 3, size=(80, 3)).astype(float)
    np.testing.assert_array_equal(ranks(x), np.unique(x, axis=0, return_inverse=True)[1])
    np.testing.assert_array_equal(ranks(some_rows()), np.unique(some_rows(), axis=0, return_inverse=True)[1])


def test_standardised_by_weighted_moments():
    weights = np.arange(40.0) / np.arange(40).sum()
    found = standardised(some_rows() + 1e6, weights)
    np.testing.assert_allclose(weights @ found, 0, atol=1e-14)
    np.testing.assert_allclose(weights @ found**2, 1, rtol=1e-14)
    assert np.linalg.matrix_rank(np.column_stack([found[:, 0], some_rows()[:, 0], np.ones(40)]), tol=1e-7) == 2


@pytest.mark.parametrize("value", [0.1, 1 / 3, -7.7e12])
def test_a_constant_column_is_zero_wherever_rows_count_alike(value):
    for count in range(1, 60):
        column = np.append(np.full(count, value), 5.0)
        found = standardised(column[:, None], np.append(np.full(count, 1 / count), 0))
        np.testing.assert_array_equal(found, 0)


# Centres and k-means.


def squares_to(points, centres):
    return ((points[:, None] - centres) ** 2).sum(axis=2)


def test_the_first_of_the_nearest_centres_takes_a_point():
    points = np.random.default_rng(4).integers(-2, 3, size=(50, 2)).astype(float)
    centres = np.random.default_rng(5).integers(-2, 3, size=(6, 4, 2)).astype(float)
    found = near_centres(points, centres)
    for start in range(6):
        expected = squares_to(points, centres[start]).argmin(axis=1)
        np.testing.assert_array_equal(found[start], expected == np.arange(4)[:, None])


def test_centres_move_to_weighted_means_and_stay_where_nothing_counts():
    points, weights = some_rows(10), np.arange(10.0)
    near = np.arange(10) == np.array([[0], [3], [12]])
    near[1, 7] = True
    centres = some_rows(3, seed=1)[None]
    found = moved_centres(moments_of(points, weights), near[None], centres)[0]
    np.testing.assert_allclose(found[1], (3 * points[3] + 7 * points[7]) / 10)
    np.testing.assert_array_equal(found[[0, 2]], centres[0, [0, 2]])


def test_each_step_of_lloyd_lowers_the_squares_within():
    places = places_of(some_rows(200), np.random.default_rng(1).integers(0, 4, size=200).astype(float))
    moments, centres = moments_of(places.points, places.weights), places.points[seeds(np.random.default_rng(2), places, 5, 20)]
    within = []
    for _ in range(8):
        near = near_centres(places.points, centres)
        pairs = zip(centres, near, strict=True)
        within.append([(squares_to(places.points, each).T * member * places.weights).sum() for each, member in pairs])
        centres = moved_centres(moments, near, centres)
    steps = np.diff(within, axis=0)
    assert (steps <= 1e-12).all()
    assert (steps[0] < -1e-3).all()


def naive_lloyd(points, weights, centres):
    centres = centres.copy()
    for _ in range(10):
        labels = squares_to(points, centres).argmin(axis=1)
        for k in range(len(centres)):
            if weights[labels == k].sum() > 0:
                centres[k] = np.average(points[labels == k], axis=0, weights=weights[labels == k])
    return squares_to(points, centres).argmin(axis=1), centres


def test_all_starts_at_once_are_each_by_itself():
    places = places_of(some_rows(300), np.random.default_rng(1).integers(0, 4, size=300).astype(float))
    first = places.points[seeds(np.random.default_rng(2), places, 6, 15)]
    labels, centres = lloyd(places, first)
    for start in range(15):
        expected, means = naive_lloyd(places.points, places.weights, first[start])
        np.testing.assert_array_equal(labels[start], expected)
        np.testing.assert_allclose(centres[start], means, atol=1e-12)


def test_a_component_without_rows_gets_the_worst_fitting_place():
    places = places_of(np.array([[0.0], [1.0], [2.0], [10.0], [90.0]]), np.array([1.0, 1, 1, 1, 0]))
    centres = places.points[[1, 4, 1]][None]
    found = filled(places, np.array([[0, 0, 0, 0, 1]]), centres)
    # The place that does not count keeps component 1; of the others 10, then 0, are furthest from 1.
    np.testing.assert_array_equal(found, [[2, 0, 0, 1, 1]])


def likely(count, chance, trials):
    """Whether a count is within five standard deviations of what is expected."""
    return abs(count - trials * chance) < 5 * np.sqrt(trials * chance * (1 - chance)) + 1e-9


def test_draws_are_in_proportion():
    found = np.bincount(drawn(np.random.default_rng(1), np.tile([0.0, 1.0, 0.0, 3.0, 0.0], (20_000, 1))), minlength=5)
    assert found[[0, 2, 4]].sum() == 0
    assert likely(found[1], 1 / 4, 20_000)


def test_seeds_are_drawn_by_weight_and_squared_distance():
    places = places_of(np.array([[0.0], [1.0], [3.0]]), np.array([2.0, 1.0, 1.0]))
    found = seeds(np.random.default_rng(2), places, 2, 20_000)
    chances = {(0, 1): 1 / 2 * 1 / 10, (0, 2): 1 / 2 * 9 / 10, (1, 0): 1 / 4 * 2 / 6, (1, 2): 1 / 4 * 4 / 6}
    chances |= {(2, 0): 1 / 4 * 18 / 22, (2, 1): 1 / 4 * 4 / 22}
    for pair, chance in chances.items():
        assert likely((found == pair).all(axis=1).sum(), chance, 20_000), pair


def test_seeds_are_distinct_even_where_distances_cannot_tell():
    places = places_of(np.concatenate([np.arange(6) * 1e-13, [1.0, 2.0]])[:, None], np.repeat([1.0, 0.0, 1.0], [5, 1, 2]))
    found = np.sort(seeds(np.random.default_rng(4), places, 7, 100), axis=1)
    np.testing.assert_array_equal(found, np.broadcast_to([0, 1, 2, 3, 4, 6, 7], (100, 7)))


def test_distinct_rows_are_drawn_by_weight():
    places = places_of(np.arange(4.0)[:, None], np.array([5.0, 3.0, 2.0, 0.0]))
    found = np.sort(distinct(np.random.default_rng(3), places, 2, 20_000), axis=1)
    chances = {(0, 1): 0.5 * 3 / 5 + 0.3 * 5 / 7, (0, 2): 0.5 * 2 / 5 + 0.2 * 5 / 8, (1, 2): 0.3 * 2 / 7 + 0.2 * 3 / 8}
    for pair, chance in chances.items():
        assert likely((found == pair).all(axis=1).sum(), chance, 20_000), pair


def test_rows_go_to_the_nearest_seed():
    """Some K rows explain the whole partition."""
    x = some_rows(12, 2)
    points = (x - x.mean(axis=0)) / x.std(axis=0)
    possible = {
        tuple(squares_to(points, points[[a, b]]).argmin(axis=1) ^ first) for a in range(12) for b in range(a) for first in (0, 1)
    }
    found = partition("nearest", x, components=2, count=40).argmax(axis=2)
    assert len(possible) < 2**9
    assert {tuple(labels) for labels in found} <= possible


# Trees.


@pytest.mark.parametrize(("ours", "theirs"), [(WARD, "ward"), (AVERAGE, "average"), (COMPLETE, "complete")])
@pytest.mark.parametrize("features", [1, 3])
def test_trees_are_those_of_scipy(ours, theirs, features):
    points = some_rows(80, features)
    tree, expected = tree_of(points, np.ones(80), ours), linkage(points, theirs)
    # Ward's distance in SciPy is the root of twice the rise of the sum of squares.
    heights = np.sqrt(2 * tree.heights) if theirs == "ward" else tree.heights
    np.testing.assert_allclose(np.sort(heights)[:-1], expected[:, 2], atol=1e-7)
    for count in (1, 2, 3, 5, 9, 40, 80):
        assert same_groups(cut(tree, count), fcluster(expected, count, "maxclust"))


@pytest.mark.parametrize(("ours", "theirs"), [(WARD, "ward"), (AVERAGE, "average"), (COMPLETE, "complete")])
def test_weights_of_trees_are_copies(ours, theirs):
    weights = 1 + np.arange(40) % 5
    points = some_rows()
    expected = linkage(np.repeat(points, weights, axis=0), theirs)
    first = np.cumsum(weights) - weights
    for count in (2, 3, 5, 9):
        found = cut(tree_of(points, weights.astype(float), ours), count)
        assert same_groups(found, fcluster(expected, count, "maxclust")[first])


def test_distances_are_symmetric_to_the_last_digit():
    # A view that BLAS does not see to be its own transpose's.
    points = np.random.default_rng(6).normal(size=(130, 37))[::2, ::-1]
    found = squared_pairs(points)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_allclose(found, squares_to(points, points), atol=1e-12)


def test_a_tree_of_equal_distances_can_be_cut_anywhere():
    grid = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0)), axis=-1).reshape(-1, 2)
    for kind in (WARD, AVERAGE, COMPLETE):
        tree = tree_of(grid, np.ones(25), kind)
        assert [cut(tree, count).max() + 1 for count in range(1, 26)] == list(range(1, 26))


def test_a_grid_is_united_in_few_rounds(monkeypatch):
    """From left to right, each point nearest to the last one, there would be 300."""
    rounds, mutual_neighbours = [], trees.mutual_neighbours
    monkeypatch.setattr(trees, "mutual_neighbours", lambda unlike: rounds.append(len(unlike)) or mutual_neighbours(unlike))
    tree_of(np.arange(300.0)[:, None], np.ones(300), AVERAGE)
    assert len(rounds) < 40


def scipys_groups(x, count, method="ward"):
    return fcluster(linkage(x, method), count, "maxclust")


def test_hierarchical_ones_are_scipys_in_order():
    x = some_rows(60) @ np.array([[1.0, 0.9, 0.0], [0.0, 0.3, 0.5], [0.0, 0.0, 1.0]])
    plain = (x - x.mean(axis=0)) / x.std(axis=0)
    white = plain @ np.linalg.inv(np.linalg.cholesky(np.corrcoef(plain.T))).T
    expected = [scipys_groups(plain, 4), scipys_groups(white, 4)]
    expected += [scipys_groups(plain, 4, "average"), scipys_groups(plain, 4, "complete")]
    found = partition("hierarchical", x, components=4, count=10).argmax(axis=2)
    for index in range(10):
        assert [same_groups(found[index], each) for each in expected][index % 4], index


def test_whitening_leaves_out_columns_that_others_determine():
    x = some_rows()
    twice = partition("hierarchical", np.column_stack([x, x @ [1.0, 2.0, 3.0]]), count=2)[1]
    np.testing.assert_array_equal(together(twice), together(partition("hierarchical", x, count=2)[1]))


def test_unions_are_of_wards_groups():
    x = some_rows(60)
    small = scipys_groups((x - x.mean(axis=0)) / x.std(axis=0), 3 * K)
    found = partition("unions", x, count=200)
    labels = found.argmax(axis=2)
    assert all(len(np.unique(labels[:, small == group], axis=1).T) == 1 for group in range(1, 3 * K + 1))
    assert (found.sum(axis=1) > 0).all()
    # Each group may go to any component, alone or with others.
    sizes = np.stack([[len(np.unique(small[each == k])) for k in range(K)] for each in labels])
    assert set(sizes.ravel()) >= {1, 2, 3, 4, 5}
    assert all(likely((labels[:, small == group][:, 0] == k).sum(), 1 / K, 200) for group in range(1, 10) for k in range(K))


@pytest.mark.parametrize("kind", ["hierarchical", "unions"])
def test_rows_beyond_those_of_the_tree_go_to_the_nearest_mean(kind, monkeypatch):
    monkeypatch.setattr(module, "MOST_PLACES", 20)
    x, labels = separated()
    if kind == "hierarchical":
        np.testing.assert_array_equal(together(partition(kind, x)), np.broadcast_to(labels[:, None] == labels, (S, 60, 60)))
    found = partition(kind, x, components=5, count=30)
    check_memberships(found, 30, 60, 5)
    assert (found.sum(axis=1) > 0).all()
    assert not np.array_equal(found, partition(kind, x, components=5, count=30, seed=1))


def test_a_sample_is_of_places_that_count(monkeypatch):
    monkeypatch.setattr(module, "MOST_PLACES", 20)
    chosen = places_of(np.arange(60.0)[:, None], (np.arange(60) % 2).astype(float)).sample
    assert len(set(chosen)) == 20
    assert (chosen % 2 == 1).all()


# Responsibilities.


def test_responsibilities_are_uniform_on_the_simplex():
    found = partition("responsibilities", some_rows(100), components=4, count=200)
    # Dirichlet(1): mean 1/K and variance (K − 1) / (K² (K + 1)); 20 000 draws.
    np.testing.assert_allclose(found.mean(axis=(0, 1)), 1 / 4, atol=5 * np.sqrt(3 / 80 / 20_000))
    np.testing.assert_allclose(found.var(axis=(0, 1)), 3 / 80, rtol=0.05)

"""Agglomerative clustering of weighted points in NumPy.

SciPy's linkages know no weights of points, and importing them takes longer than a small fit does.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gmm_ppl.types import Float, Int

Update = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""(Δ_ac, Δ_bc, Δ_ab, w_a, w_b, w_c) → dissimilarity of the union of a and b to c, entry by entry."""


@dataclass(frozen=True)
class Linkage:
    """How unlike two clusters are: a function of squared distances and weights for points, Lance–Williams for unions.

    Unions must be no more like a third cluster than the nearer of their parts is (reducible), or `tree_of` is not that linkage's.
    """

    of_points: Callable[[np.ndarray, np.ndarray], np.ndarray]
    of_union: Update


@dataclass(frozen=True)
class Tree:
    """At `heights[i]` point i's cluster becomes part of that of point `parents[i]`; one point's height is infinite."""

    parents: Int[np.ndarray, " P"]
    heights: Float[np.ndarray, " P"]


def tree_of(points: Float[np.ndarray, "P D"], weights: Float[np.ndarray, " P"], linkage: Linkage) -> Tree:
    """The hierarchy of a linkage: in each round all pairs of mutual nearest neighbours are united, about a third of the clusters.

    Where a linkage is reducible the order of such unions is of no account (Murtagh 1983, doi:10.1093/comjnl/26.4.354).
    """
    # Of equally near clusters the first is taken. In a random order, ever the same, neighbours on a grid are often mutual;
    # from left to right each would be nearest to the last, and a round would unite one pair.
    names = np.random.default_rng(0).permutation(weights.size)
    points, weights = points[names], weights[names]
    unlike = linkage.of_points(pairwise(points), weights)
    np.fill_diagonal(unlike, np.inf)
    parents, heights = np.arange(weights.size), np.full(weights.size, np.inf)
    while names.size > 1:
        first, second = mutual_neighbours(unlike)
        parents[names[second]], heights[names[second]] = names[first], unlike[first, second]
        names = np.delete(names, second)
        unlike, weights = united(unlike, weights, first, second, linkage.of_union)
    return Tree(parents, heights)


def mutual_neighbours(unlike: Float[np.ndarray, "P P"]) -> tuple[Int[np.ndarray, " M"], Int[np.ndarray, " M"]]:
    """All pairs of clusters that are nearest to each other; of a symmetric matrix there is always one."""
    nearest, each = unlike.argmin(axis=1), np.arange(unlike.shape[0])
    first = np.flatnonzero((nearest[nearest] == each) & (each < nearest))
    return first, nearest[first]


def united(
    unlike: Float[np.ndarray, "P P"], weights: Float[np.ndarray, " P"], first: np.ndarray, second: np.ndarray, of_union: Update
) -> tuple[Float[np.ndarray, "Q Q"], Float[np.ndarray, " Q"]]:
    """Dissimilarities and weights after the unions of some pairs, which stand where their first clusters stood."""
    between, one, other = unlike[first, second], weights[first], weights[second]
    rows = of_union(unlike[first], unlike[second], between[:, None], one[:, None], other[:, None], weights)
    block = of_union(rows[:, first], rows[:, second], between, one, other, (one + other)[:, None])
    # Two unions are as unlike one way as the other, but for rounding.
    rows[:, first] = np.maximum(block, block.T)
    unlike[first], unlike[:, first] = rows, rows.T
    weights[first] += other
    kept = np.delete(np.arange(weights.size), second)
    return unlike[np.ix_(kept, kept)], weights[kept]


def cut(tree: Tree, groups: int) -> Int[np.ndarray, " P"]:
    """Labels 0 … G − 1 of the points' clusters before the last G − 1 unions; G no larger than the number of points."""
    roots = np.arange(tree.parents.size)
    early = tree.heights.argsort(kind="stable")[: roots.size - groups]
    roots[early] = tree.parents[early]
    while not np.array_equal(roots, roots[roots]):
        roots = roots[roots]
    return np.unique(roots, return_inverse=True)[1]


def pairwise(points: Float[np.ndarray, "P D"]) -> Float[np.ndarray, "P P"]:
    """Squared distances, symmetric to the last digit: no pair might be mutual otherwise."""
    squares = (points**2).sum(axis=1)
    squared = points @ points.T
    squared *= -2
    squared += squares[:, None] + squares
    return np.maximum(np.maximum(squared, squared.T, out=squared), 0, out=squared)


def ward_of_points(squared: Float[np.ndarray, "P P"], weights: Float[np.ndarray, " P"]) -> Float[np.ndarray, "P P"]:
    """How much a union raises the sum of squares within: w_a w_b / (w_a + w_b) |x_a − x_b|² (Ward 1963, doi:10.2307/2282967)."""
    return squared / (1 / weights[:, None] + 1 / weights)


def ward_of_union(
    to_a: np.ndarray, to_b: np.ndarray, between: np.ndarray, a: np.ndarray, b: np.ndarray, other: np.ndarray
) -> np.ndarray:
    """((w_a + w_c) Δ_ac + (w_b + w_c) Δ_bc − w_c Δ_ab) / (w_a + w_b + w_c)."""
    return ((a + other) * to_a + (b + other) * to_b - other * between) / (a + b + other)


def distances(squared: Float[np.ndarray, "P P"], _: Float[np.ndarray, " P"]) -> Float[np.ndarray, "P P"]:
    """Of points, for linkages to which their weights do not matter."""
    return np.sqrt(squared)


def average_of_union(
    to_a: np.ndarray, to_b: np.ndarray, between: np.ndarray, a: np.ndarray, b: np.ndarray, other: np.ndarray
) -> np.ndarray:
    """Mean distance over all pairs."""
    return (a * to_a + b * to_b) / (a + b)


def furthest_of_union(
    to_a: np.ndarray, to_b: np.ndarray, between: np.ndarray, a: np.ndarray, b: np.ndarray, other: np.ndarray
) -> np.ndarray:
    """Distance of the furthest pair."""
    return np.maximum(to_a, to_b)


WARD = Linkage(ward_of_points, ward_of_union)
AVERAGE = Linkage(distances, average_of_union)
COMPLETE = Linkage(distances, furthest_of_union)

"""Rows as partitions see them: each distinct row once, standardised, with the weight of all its copies.

Seeds drawn among places are never copies of each other, and since places are sorted, the order of rows does not matter.
"""

from dataclasses import dataclass, field

import numpy as np

from gmm_ppl.starts.partitions.trees import Linkage, Tree, tree_of
from gmm_ppl.types import Float, Int

MOST_PLACES = 2000
"""A tree takes time and memory in proportion to the square of this."""


@dataclass(frozen=True)
class Places:
    """Standardised points (P, D) in the order of their rows' values, weights (P,) that sum to one, each row's place (N,).

    Trees are of a `sample` of the places that count.
    """

    points: Float[np.ndarray, "P D"]
    weights: Float[np.ndarray, " P"]
    of_rows: Int[np.ndarray, " N"]
    sample: Int[np.ndarray, " C"]
    trees: dict[Linkage, Tree] = field(default_factory=dict, init=False)

    @property
    def counted(self) -> int:
        """Places where some row counts: there can be no more seeds."""
        return int(np.count_nonzero(self.weights))

    def tree(self, linkage: Linkage) -> Tree:
        """The tree of the sampled points, made once."""
        if linkage not in self.trees:
            self.trees[linkage] = tree_of(self.points[self.sample], self.weights[self.sample], linkage)
        return self.trees[linkage]


def places_of(x: Float[np.ndarray, "N D"], row_weights: Float[np.ndarray, " N"], seed: int = 0) -> Places:
    """The distinct rows, in lexicographic order; the seed is of the sample."""
    of_rows = ranks(x)
    weights = np.bincount(of_rows, row_weights)
    weights /= weights.sum()
    a_row = np.empty(weights.size, dtype=np.intp)
    a_row[of_rows] = np.arange(of_rows.size)
    return Places(standardised(x[a_row], weights), weights, of_rows, sample_of(weights, seed))


def sample_of(weights: Float[np.ndarray, " P"], seed: int) -> Int[np.ndarray, " C"]:
    """At most `MOST_PLACES` of the places that count, each as likely: they keep their weights."""
    counted = np.flatnonzero(weights)
    if counted.size <= MOST_PLACES:
        return counted
    return np.sort(np.random.default_rng(seed).choice(counted, MOST_PLACES, replace=False))


def ranks(x: Float[np.ndarray, "N D"]) -> Int[np.ndarray, " N"]:
    """Rank of each row in lexicographic order, the same for equal rows.

    Sorts column by column until no two rows are equal, which after one column of measurements they seldom are: `numpy.unique`
    with an axis takes fifteen times as long.
    """
    found = np.zeros(x.shape[0], dtype=np.intp)
    for column in x.T:
        order = np.lexsort((column, found))
        differ = (np.diff(column[order]) != 0) | (np.diff(found[order]) != 0)
        found[order] = np.concatenate([[0], np.cumsum(differ)])
        if differ.all():
            break
    return found


def standardised(points: Float[np.ndarray, "P D"], weights: Float[np.ndarray, " P"]) -> Float[np.ndarray, "P D"]:
    """Weighted mean 0 and standard deviation 1 in each column; 0 throughout a column that is constant where rows count."""
    # Residuals from a point lose no digits to an offset, and are exactly 0 in a constant column.
    residuals = points - points[weights.argmax()]
    residuals -= weights @ residuals
    deviations = np.sqrt(weights @ residuals**2)
    return residuals / np.where(deviations > 0, deviations, np.inf)


def memberships(labels: Int[np.ndarray, "S P"], places: Places, components: int) -> Float[np.ndarray, "S N K"]:
    """Labels of places as one-hot memberships of rows."""
    # `take` is five times as fast as the same by indexing.
    return np.eye(components).take(labels.take(places.of_rows, axis=1), axis=0)

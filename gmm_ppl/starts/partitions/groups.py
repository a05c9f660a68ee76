"""Places in groups of a linkage's tree; where there are many, the tree is that of some of them."""

import numpy as np

from gmm_ppl.starts.partitions.centres import moments_of, moved_centres, nearest_labels
from gmm_ppl.starts.partitions.places import Places
from gmm_ppl.starts.partitions.trees import Linkage, cut, tree_of
from gmm_ppl.types import Float, Int

MOST_PLACES = 2000
"""A tree takes time and memory in proportion to the square of this."""


def sample_of(rng: np.random.Generator, places: Places) -> Int[np.ndarray, " C"]:
    """At most `MOST_PLACES` of the places that count, each as likely: they keep their weights."""
    counted = np.flatnonzero(places.weights)
    return counted if counted.size <= MOST_PLACES else np.sort(rng.choice(counted, MOST_PLACES, replace=False))


def groups_of(
    places: Places, points: Float[np.ndarray, "P E"], sample: Int[np.ndarray, " C"], linkage: Linkage, groups: int
) -> Int[np.ndarray, " P"]:
    """Labels 0 … G − 1 of all places: the tree of those sampled, cut, and the nearest group mean for the others.

    Points are the places' own, or these in other coordinates; there are as many groups as places sampled if fewer than G.
    """
    chosen, weights = points[sample], places.weights[sample]
    found = cut(tree_of(chosen, weights, linkage), min(groups, sample.size))
    if sample.size == points.shape[0]:
        return found
    member = found == np.arange(found.max() + 1)[:, None]
    means = moved_centres(moments_of(chosen, weights), member[None], np.zeros((1, member.shape[0], points.shape[1])))
    labels = nearest_labels(points, means)[0]
    labels[sample] = found
    return labels

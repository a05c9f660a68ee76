"""Trees cut at K, as mclust and its like start from: one partition for each linkage, without chance."""

from dataclasses import replace
from itertools import cycle, islice

import numpy as np

from gmm_ppl.starts.partitions.groups import groups_of
from gmm_ppl.starts.partitions.places import Places, memberships
from gmm_ppl.starts.partitions.trees import AVERAGE, COMPLETE, WARD
from gmm_ppl.types import Float

FLAT = 1e-12
"""Share of the largest variance along a principal axis below which the axis is rounding, and whitening leaves it out."""


def hierarchical(rng: np.random.Generator, places: Places, components: int, count: int) -> Float[np.ndarray, "count N K"]:
    """Ward's groups, Ward's of whitened rows, those of average and of complete linkage, and again if more are asked for.

    The same for any `rng`.
    """
    white = replace(places, points=whitened(places))
    trees = [(places, WARD), (white, WARD), (places, AVERAGE), (places, COMPLETE)]
    found = [groups_of(each, linkage, components) for each, linkage in trees[:count]]
    return memberships(np.stack(list(islice(cycle(found), count))), places, components)


def whitened(places: Places) -> Float[np.ndarray, "P E"]:
    """Principal components with standard deviation 1: distances are Mahalanobis distances."""
    variances, axes = np.linalg.eigh((places.weights[:, None] * places.points).T @ places.points)
    spread = variances > FLAT * max(variances[-1], FLAT)
    return places.points @ (axes[:, spread] / np.sqrt(variances[spread]))

"""Places in groups of a linkage's tree; where there are many, the tree is that of some of them."""

import numpy as np

from gmm_ppl.starts.partitions.centres import moments_of, moved_centres, nearest_labels
from gmm_ppl.starts.partitions.places import Places
from gmm_ppl.starts.partitions.trees import Linkage, cut
from gmm_ppl.types import Int


def groups_of(places: Places, linkage: Linkage, groups: int) -> Int[np.ndarray, " P"]:
    """Labels 0 … G − 1 of all places: the tree of those sampled, cut, and the nearest group mean for the others.

    There are as many groups as places sampled if fewer than G.
    """
    points, sample = places.points, places.sample
    found = cut(places.tree(linkage), min(groups, sample.size))
    if sample.size == points.shape[0]:
        return found
    member = found == np.arange(found.max() + 1)[:, None]
    moments = moments_of(points[sample], places.weights[sample])
    means = moved_centres(moments, member[None], np.zeros((1, member.shape[0], points.shape[1])))
    labels = nearest_labels(points, means)[0]
    labels[sample] = found
    return labels

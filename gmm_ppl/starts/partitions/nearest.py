"""Random rows, and every row to the nearest."""

import numpy as np

from gmm_ppl.starts.partitions.centres import nearest_labels
from gmm_ppl.starts.partitions.places import Places, memberships
from gmm_ppl.types import Float, Int


def nearest(rng: np.random.Generator, places: Places, components: int, count: int) -> Float[np.ndarray, "count N K"]:
    """K distinct rows drawn by weight; each row belongs to the nearest in standardised features."""
    chosen = distinct(rng, places, min(components, places.counted), count)
    labels = nearest_labels(places.points, places.points[chosen])
    # A seed keeps its own place, even where another is too close for the distance to tell.
    np.put_along_axis(labels, chosen, np.arange(chosen.shape[1])[None], axis=1)
    return memberships(labels, places, components)


def distinct(rng: np.random.Generator, places: Places, seeds: int, count: int) -> Int[np.ndarray, "S k"]:
    """Places drawn one after another by weight, without replacement, for each start.

    The k soonest of waiting times E_i / w_i, E_i exponential, are such a draw (Efraimidis & Spirakis 2006,
    doi:10.1016/j.ipl.2005.11.003).
    """
    counted = np.flatnonzero(places.weights)
    waits = rng.standard_exponential((count, counted.size)) / places.weights[counted]
    return counted[waits.argpartition(seeds - 1, axis=1)[:, :seeds]]

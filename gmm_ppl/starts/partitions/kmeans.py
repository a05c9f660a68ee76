"""k-means++ seeds (Arthur & Vassilvitskii 2007, doi:10.5555/1283383.1283494) and a short k-means, all starts as one batch."""

import numpy as np

from gmm_ppl.starts.partitions.centres import labels_of, moments_of, moved_centres, near_centres
from gmm_ppl.starts.partitions.places import Places, memberships
from gmm_ppl.types import Float, Int

LLOYD_STEPS = 10
"""Enough to leave bad seeds; EM goes on from there, so k-means need not converge."""

SMALLEST = 1e-30
"""Squared distance of a place too close to a seed for the expanded square to tell: it can still be drawn."""


def kmeans(rng: np.random.Generator, places: Places, components: int, count: int) -> Float[np.ndarray, "count N K"]:
    """Clusters of the standardised features, so that a column's unit does not choose the start."""
    chosen = seeds(rng, places, min(components, places.counted), count)
    labels, centres = lloyd(places, places.points[chosen])
    return memberships(filled(places, labels, centres), places, components)


def seeds(rng: np.random.Generator, places: Places, components: int, count: int) -> Int[np.ndarray, "S k"]:
    """Distinct places, each drawn by weight times the squared distance from the nearest of those before it."""
    chosen = [drawn(rng, np.tile(places.weights, (count, 1)))]
    closest = np.full((count, places.weights.size), np.inf)
    for _ in range(1, components):
        closest = np.minimum(closest, squared_distances(places.points, chosen[-1]))
        chosen.append(drawn(rng, closest * places.weights))
    return np.stack(chosen, axis=1)


def drawn(rng: np.random.Generator, chances: Float[np.ndarray, "S P"]) -> Int[np.ndarray, " S"]:
    """One place for each start, in proportion to its chances, never one of chance 0."""
    reached = chances.cumsum(axis=1)
    return (reached > rng.random((chances.shape[0], 1)) * reached[:, -1:]).argmax(axis=1)


def squared_distances(points: Float[np.ndarray, "P D"], chosen: Int[np.ndarray, " S"]) -> Float[np.ndarray, "S P"]:
    """From each start's chosen place to all: 0 at that place alone."""
    squares = (points**2).sum(axis=1)
    distances = points[chosen] @ points.T
    distances *= -2
    distances += squares + squares[chosen, None]
    np.maximum(distances, SMALLEST, out=distances)
    distances[np.arange(chosen.size), chosen] = 0
    return distances


def lloyd(places: Places, centres: Float[np.ndarray, "S k D"]) -> tuple[Int[np.ndarray, "S P"], Float[np.ndarray, "S k D"]]:
    """At most `LLOYD_STEPS` moves of the centres to the means of their points; labels of the nearest centre, and centres."""
    moments = moments_of(places.points, places.weights)
    near = near_centres(places.points, centres)
    for _ in range(LLOYD_STEPS):
        before, centres = near, moved_centres(moments, near, centres)
        near = near_centres(places.points, centres)
        if np.array_equal(near, before):
            break
    return labels_of(near), centres


def filled(places: Places, labels: Int[np.ndarray, "S P"], centres: Float[np.ndarray, "S k D"]) -> Int[np.ndarray, "S P"]:
    """Labels in which each component without a place that counts has got the one that fits worst elsewhere.

    One by one, since it is rare: on ordinary data not once in 10 000 starts.
    """
    counted = places.weights > 0
    components = centres.shape[1]
    flat = labels[:, counted] + components * np.arange(labels.shape[0])[:, None]
    held = np.bincount(flat.ravel(), minlength=centres.shape[0] * components).reshape(-1, components)
    for start, component in np.argwhere(held == 0):
        labels[start, worst_fitting(places, labels[start], centres[start])] = component
    return labels


def worst_fitting(places: Places, labels: Int[np.ndarray, " P"], centres: Float[np.ndarray, "k D"]) -> np.intp:
    """The place furthest from its centre, of those that count and are not their component's only one."""
    counted = places.weights > 0
    shared = counted & (np.bincount(labels, counted)[labels] > 1)
    distances = ((places.points - centres[labels]) ** 2).sum(axis=1)
    return np.where(shared, distances, -1).argmax()

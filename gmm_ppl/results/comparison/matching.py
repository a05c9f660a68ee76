"""Which component of one mixture is which of another."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from gmm_ppl.results.gaussians import Gaussians


def hellinger(one: Gaussians, other: Gaussians) -> np.ndarray:
    """Hellinger distances between the components of two points, (K, L), from 0 (the same) to 1 (nothing in common).

    H² = 1 − |Σ₁|^¼ |Σ₂|^¼ / |(Σ₁ + Σ₂) / 2|^½ · exp(−⅛ Δᵀ ((Σ₁ + Σ₂) / 2)⁻¹ Δ), Δ = μ₁ − μ₂; weights do not enter.
    """
    first, second = one.covariances[:, None], other.covariances[None]
    middle = (first + second) / 2
    difference = one.means[:, None] - other.means[None]
    determinants = [np.linalg.slogdet(each)[1] for each in (first, second, middle)]
    distance = np.einsum("kld,kld->kl", difference, np.linalg.solve(middle, difference[..., None])[..., 0])
    affinity = np.exp(determinants[0] / 4 + determinants[1] / 4 - determinants[2] / 2 - distance / 8)
    return np.sqrt(np.clip(1 - affinity, 0.0, 1.0))


def match(points: list[Gaussians]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """A common number for every component of every point, and how far each is from the first that had its number.

    The first point's components are 0, 1, …. Those of each later one take the numbers that make the sum of Hellinger
    distances least; where it has more components than there are numbers yet, the rest get new ones. Components are matched
    however far they are, so the distance should be looked at.

    Returns:
        For each point, numbers (K,) by component, and distances (K,), NaN for a number that is new.
    """
    known: list[Gaussians] = []
    numbers, distances = [], []
    for point in points:
        each, far = _match_one(point, known)
        known += [point.ordered(np.array([at])) for at in np.argsort(each) if each[at] >= len(known)]
        numbers.append(each)
        distances.append(far)
    return numbers, distances


def _match_one(point: Gaussians, known: list[Gaussians]) -> tuple[np.ndarray, np.ndarray]:
    components = point.weights.size
    numbers, distances = np.full(components, -1), np.full(components, np.nan)
    if known:
        cost = hellinger(point, Gaussians(*(np.concatenate(each) for each in zip(*map(_arrays, known), strict=True))))
        rows, columns = linear_sum_assignment(cost)
        numbers[rows], distances[rows] = columns, cost[rows, columns]
    numbers[numbers < 0] = len(known) + np.arange((numbers < 0).sum())
    return numbers, distances


def _arrays(point: Gaussians) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return point.weights, point.means, point.covariances

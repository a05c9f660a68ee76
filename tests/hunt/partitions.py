"""The posterior of partitions with parameters integrated out, by Gibbs sampling with splits and merges.

Under the normal-inverse-Wishart prior p(x, z) has a closed form, so that nothing moves but the assignments z. Chains begin
anywhere, are cooled, and jump between partitions by moves of many rows at once (`moves`).
"""

from dataclasses import dataclass

import numpy as np

from tests.hunt.clusters import Clusters, Numbers
from tests.hunt.moves import gibbs, split_and_merge

REPLICAS = 8
"""Independent chains."""

COOLING = np.linspace(0, 1, 100) ** 2
"""Powers of p(x | z) in the first sweeps, from the prior of partitions to the posterior."""


@dataclass(frozen=True)
class Partitions:
    """Draws of the posterior: `values` by name (replicas, draws), and the best partitions met, highest first."""

    values: dict[str, np.ndarray]
    best: list[np.ndarray]


def sample(x: np.ndarray, numbers: Numbers, points: np.ndarray, *, seed: int, draws: int, warmup: int) -> Partitions:
    """Label-invariant quantities of the posterior (`quantities`)."""
    rng = np.random.default_rng(seed)
    clusters = Clusters(x, numbers, rng.integers(0, numbers.concentration.size, (REPLICAS, len(x))))
    for power in COOLING:
        gibbs(clusters, power, rng)
    kept: list[dict[str, np.ndarray]] = []
    best: dict[bytes, float] = {}
    for sweep in range(warmup + draws):
        gibbs(clusters, 1.0, rng)
        split_and_merge(clusters, rng)
        note(clusters, best)
        if sweep >= warmup:
            kept.append(quantities(clusters, points, rng))
    values = {name: np.stack([each[name] for each in kept], axis=1) for name in kept[0]}
    highest = sorted(best, key=lambda key: -best[key])
    return Partitions(values, [np.frombuffer(key, dtype=np.int8) for key in highest])


def note(clusters: Clusters, best: dict[bytes, float], most: int = 5) -> None:
    """Keep the highest partitions, whatever the labels."""
    heights = clusters.log_joint()
    at = int(np.argmax(heights))
    labels = clusters.labels[at]
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    key = np.argsort(np.argsort(first))[inverse].astype(np.int8).tobytes()
    if key not in best and (len(best) < most or heights[at] > min(best.values())):
        best[key] = float(heights[at])
        if len(best) > most:
            best.pop(min(best, key=lambda each: best[each]))


def quantities(clusters: Clusters, points: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Of each chain: Σ_k π_k² and the densities at `points`, given z, and a draw of the smallest weight."""
    after = clusters.numbers.concentration + clusters.count
    total = after.sum(axis=1, keepdims=True)
    weights = rng.standard_gamma(after)
    shares = np.exp(clusters.log_predictive(points))
    densities = np.einsum("ck,ckp->cp", after / total, shares)
    return {
        "sum of squared weights": (after * (after + 1)).sum(axis=1) / (total * (total + 1))[:, 0],
        "smallest weight": (weights / weights.sum(axis=1, keepdims=True)).min(axis=1),
        **{f"density at row {place}": densities[:, place] for place in range(len(points))},
    }

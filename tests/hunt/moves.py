"""Moves of partitions: Gibbs sampling row by row, and splits and merges of many rows, allocated in turn (Dahl & Newcomb 2022).

Of three components a and b are joined, and c is split between itself and what is left free; of two, all rows are allocated anew.
The number of components stays. doi:10.1080/00949655.2021.1998502
"""

import numpy as np

from tests.hunt.clusters import Clusters, log_predictive


def gibbs(clusters: Clusters, power: float, rng: np.random.Generator) -> None:
    """Every row's component anew, in every chain."""
    for row in range(len(clusters.z)):
        clusters.put(row, -1)
        logits = np.log(clusters.count + clusters.numbers.concentration)
        logits = logits + power * clusters.log_predictive(clusters.x[row : row + 1])[..., 0]
        clusters.labels[:, row] = np.argmax(logits + rng.gumbel(size=logits.shape), axis=1)
        clusters.put(row, 1)


def split_and_merge(clusters: Clusters, rng: np.random.Generator) -> None:
    """One move of each chain."""
    chains, components = clusters.count.shape
    chosen = np.argsort(rng.random((chains, components)), axis=1)
    joins, into, split = (chosen[:, 0], chosen[:, 1], chosen[:, 2]) if components > 2 else (chosen[:, 1], *[chosen[:, 0]] * 2)
    # Which rows are allocated anew: of the component that is split, forth; of the two that are joined, back.
    old = clusters.labels
    forth = old == split[:, None]
    back = (old == into[:, None]) | (old == joins[:, None])
    if components == 2:
        forth = back
    order = rng.permutation(old.shape[1])
    goes, log_forth = allocated(clusters, forth, order, rng, None)
    _, log_back = allocated(clusters, back, order, rng, old == joins[:, None])
    labels = np.where(back, into[:, None], old)
    labels = np.where(forth, np.where(goes, joins[:, None], split[:, None]), labels)
    proposed = Clusters(clusters.x, clusters.numbers, labels)
    gain = proposed.log_joint() - clusters.log_joint() + log_back - log_forth
    taken = np.log(rng.random(chains)) < gain
    for name in ("labels", "count", "sum", "square"):
        getattr(clusters, name)[taken] = getattr(proposed, name)[taken]


def allocated(
    clusters: Clusters, chosen: np.ndarray, order: np.ndarray, rng: np.random.Generator, known: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Which of the chosen rows (C, N) go to the second of two components, each by those before it, and the log probability of it.

    Where `known` says where they go, only its probability.
    """
    numbers, lanes = clusters.numbers, np.arange(len(chosen))
    features = clusters.z.shape[1]
    count, total = np.zeros((len(chosen), 2)), np.zeros((len(chosen), 2, features))
    square = np.zeros((len(chosen), 2, features, features))
    second, log_probability = np.zeros(chosen.shape, dtype=bool), np.zeros(len(chosen))
    for row in order[chosen[:, order].any(axis=0)]:
        logits = np.log(count + numbers.concentration[:2])
        logits = logits + log_predictive(numbers, count, total, square, clusters.x[row : row + 1])[..., 0]
        odds = logits[:, 1] - logits[:, 0]
        went = known[:, row] if known is not None else np.log(rng.random(len(chosen))) < -np.logaddexp(0, -odds)
        here, z = chosen[:, row], clusters.z[row]
        log_probability -= np.where(here, np.logaddexp(0, np.where(went, -odds, odds)), 0)
        second[:, row] = went & here
        at = (lanes, went.astype(int))
        count[at] += here
        total[at] += here[:, None] * z
        square[at] += here[:, None, None] * np.outer(z, z)
    return second, log_probability

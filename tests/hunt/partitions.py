"""The posterior of partitions with parameters integrated out: tempered populations, then Gibbs sweeps and jumps between modes.

Under the normal-inverse-Wishart prior p(x, z) has a closed form, so that nothing moves but the assignments z. Independent runs
draw them from the prior, raise p(x | z) to powers from 0 to 1, draw particles anew by weight and move them by Gibbs sweeps
(`sweeps`). What they come to guides jumps (`jumps`), by which each mode then gets its share.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import logsumexp

from tests.hunt.clusters import Clusters, Numbers
from tests.hunt.jumps import POWERS, Jumps
from tests.hunt.sweeps import Sweeps

RUNS, PARTICLES = 8, 128
EFFECTIVE = 0.9
"""Share of the particles that weights leave at each power."""

MOVES = 2
"""Sweeps at each power."""

GUIDES, JOINED = 2, 6
"""Partitions of a run that guide jumps, and those of all whose components are joined to guide jumps to fewer."""

FIRST, LAST, EVERY = 20, 100, 2
"""Sweeps before any is kept, those after, and of these how many a jump and a look."""


@dataclass(frozen=True)
class Known:
    """An expectation: its standard error, from the runs' spread, and the posterior's standard deviation."""

    mean: float
    error: float
    deviation: float


@dataclass(frozen=True)
class Partitions:
    """What the runs came to: `values` by name, and the best partitions met, highest first."""

    values: dict[str, Known]
    best: list[np.ndarray]


def sample(x: np.ndarray, numbers: Numbers, points: np.ndarray, *, seed: int) -> Partitions:
    """Label-invariant quantities of the posterior (`quantities`)."""
    rng = np.random.default_rng(seed)
    sweeps = Sweeps(x, numbers)
    labels, log_evidence = tempered(sweeps, rng)
    jumps = Jumps(sweeps, Clusters(x, numbers, guides(labels[:: PARTICLES // GUIDES], numbers.concentration.size)))
    seen: list[dict[str, np.ndarray]] = []
    best: dict[bytes, float] = {}
    for sweep in range(0, FIRST + LAST, EVERY):
        labels = jumps.moved(sweeps.moved(labels, 1.0, EVERY, rng), rng)
        if sweep >= FIRST:
            clusters = Clusters(x, numbers, labels)
            note(clusters, best)
            seen.append(quantities(clusters, points, rng))
    values = {name: np.stack([each[name].reshape(RUNS, -1) for each in seen], axis=1) for name in seen[0]}
    highest = [np.frombuffer(key, dtype=np.int8) for key in sorted(best, key=lambda key: -best[key])]
    weights = np.exp(log_evidence - logsumexp(log_evidence))
    return Partitions({name: known(each, weights) for name, each in values.items()}, highest)


def tempered(sweeps: Sweeps, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Particles (runs × M, N) of the posterior, and each run's log evidence."""
    labels, power, log_evidence = sweeps.drawn(rng, RUNS * PARTICLES), 0.0, np.zeros(RUNS)
    while power < 1:
        height = sweeps.log_likelihood(labels).reshape(RUNS, -1)
        gain = rise(height, 1 - power)
        power += gain
        log_evidence += logsumexp(gain * height, axis=1) - np.log(PARTICLES)
        labels = sweeps.moved(labels[np.concatenate(list(resampled(gain * height, rng)))], power, MOVES, rng)
    return labels, log_evidence


def guides(labels: np.ndarray, components: int) -> np.ndarray:
    """Partitions, those that become of a few of them by joining two components, and that of all rows together."""
    pairs = [(one, other) for one in range(components) for other in range(one)]
    joined = [np.where(labels[:JOINED] == one, other, labels[:JOINED]) for one, other in pairs]
    return np.concatenate([labels, *joined, np.zeros((len(POWERS), labels.shape[1]), labels.dtype)])


def rise(height: np.ndarray, left: float) -> float:
    """The largest rise of the power at which weights leave the median run its share of effective particles."""

    def short(gain: float) -> float:
        logs = gain * (height - height.max(axis=1, keepdims=True))
        effective = np.exp(2 * logsumexp(logs, axis=1) - logsumexp(2 * logs, axis=1))
        return EFFECTIVE * PARTICLES - float(np.median(effective))

    return left if short(left) <= 0 else brentq(short, 0, left)


def resampled(logs: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Of each run the places of the particles drawn anew, systematically."""
    for run, each in enumerate(logs):
        cumulated = np.cumsum(np.exp(each - logsumexp(each)))
        at = np.searchsorted(cumulated, (np.arange(PARTICLES) + rng.random()) / PARTICLES * cumulated[-1])
        yield run * PARTICLES + np.minimum(at, PARTICLES - 1)


def known(values: np.ndarray, weights: np.ndarray) -> Known:
    """The mean of runs' draws (runs, …). Weighed by their evidence, the share of the posterior that each found, they should say
    the same: where jumps have not mixed them they do not.
    """
    means = values.reshape(RUNS, -1).mean(axis=1)
    error = np.hypot(means.std(ddof=1) / np.sqrt(RUNS), weights @ means - means.mean())
    return Known(float(means.mean()), float(error), float(values.std()))


def note(clusters: Clusters, best: dict[bytes, float], most: int = 5) -> None:
    """Keep the highest partitions, whatever the labels."""
    heights = clusters.log_joint()
    for at in np.argsort(-heights)[:most]:
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

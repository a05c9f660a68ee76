"""Jumps between modes: whole partitions proposed from the memberships of others, and accepted by Metropolis and Hastings."""

from itertools import permutations

import numpy as np
from scipy.special import gammaln, logsumexp

from tests.hunt.clusters import Clusters
from tests.hunt.sweeps import Sweeps

POWERS = (1.0, 0.8, 0.6)
"""Of the memberships, in turn: rows that move together do not in a proposal."""

FLOOR = 1e-6
"""Least probability with which a row goes anywhere."""


def conditionals(guides: Clusters) -> np.ndarray:
    """Log p(z_i = k | all other rows, x), up to a constant, (G, K, N)."""
    found = []
    for row in range(len(guides.x)):
        guides.put(row, -1)
        weight = np.log(guides.count + guides.numbers.concentration)
        found.append(guides.log_predictive(guides.x[row : row + 1])[..., 0] + weight)
        guides.put(row, 1)
    return np.stack(found, axis=-1)


class Jumps:
    """q(z) = mean over guides g and labellings σ of Π_i r_g,i,σ(z_i): rows go where a guiding partition would have them.

    The prior must not tell components apart.
    """

    def __init__(self, sweeps: Sweeps, guides: Clusters) -> None:
        assert np.ptp(sweeps.concentration) == 0
        self.sweeps = sweeps
        logits = conditionals(guides)
        powers = np.resize(POWERS, len(logits))[:, None, None]
        shares = np.exp(powers * (logits - logsumexp(logits, axis=1, keepdims=True)))
        shares = (shares / shares.sum(axis=1, keepdims=True) + FLOOR) / (1 + FLOOR * logits.shape[1])
        order = np.array(list(permutations(range(logits.shape[1]))))
        self.shares = shares[:, order].reshape(-1, *shares.shape[1:])
        self.logs = np.log(self.shares).transpose(2, 1, 0).reshape(-1, len(self.shares))

    def log_probability(self, labels: np.ndarray) -> np.ndarray:
        """Log q(z) of labels (C, N)."""
        member = labels[..., None] == np.arange(self.shares.shape[1])
        return logsumexp(member.reshape(len(labels), -1).astype(float) @ self.logs, axis=1) - np.log(len(self.shares))

    def log_joint(self, labels: np.ndarray) -> np.ndarray:
        """Log p(x, z), up to a constant."""
        alpha = self.sweeps.concentration
        count = (labels[..., None] == np.arange(alpha.size)).sum(axis=1)
        return self.sweeps.log_likelihood(labels) + gammaln(alpha + count).sum(axis=1)

    def moved(self, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Labels (C, N) after a jump was tried by each."""
        guide = rng.integers(len(self.shares), size=len(labels))
        cumulated = np.cumsum(self.shares[guide], axis=1)[:, :-1]
        proposed = (rng.random((len(labels), 1, labels.shape[1])) > cumulated).sum(axis=1)
        gain = self.log_joint(proposed) - self.log_joint(labels)
        gain += self.log_probability(labels) - self.log_probability(proposed)
        return np.where((np.log(rng.random(len(labels))) < gain)[:, None], proposed, labels)

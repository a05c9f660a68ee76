"""Importance weights, smoothed, and what they say of the law that was drawn from."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp


@dataclass(frozen=True, eq=False)
class ImportanceWeights:
    """Smoothed weights of S draws.

    `log_weights` have the shape of the draws and sum to one; `pareto_k` is the shape k̂ of their tail; `log_mean` (nats) is the
    logarithm of the mean of the weights before smoothing, and `error` its standard error.
    """

    log_weights: np.ndarray
    pareto_k: float
    log_mean: float
    error: float


def smoothed(log_ratios: np.ndarray) -> ImportanceWeights:
    """Pareto-smoothed importance weights (Vehtari et al. 2024, jmlr.org/papers/v25/19-556.html) of log p − log q; a draw
    without density has weight 0.
    """
    # Here, because it takes a second to load.
    from arviz_stats.base.array import array_stats

    flat = np.where(np.isnan(log_ratios), -np.inf, log_ratios).ravel()
    kept = np.isfinite(flat)
    log_weights = np.full(flat.size, -np.inf)
    log_weights[kept], pareto_k = array_stats.psislw(-flat[kept])
    log_mean = float(logsumexp(flat) - np.log(flat.size))
    relative = np.exp(flat - flat.max())
    spread = np.std(relative) / np.mean(relative)
    normalised = log_weights - logsumexp(log_weights)
    return ImportanceWeights(normalised.reshape(log_ratios.shape), float(pareto_k), log_mean, float(spread / np.sqrt(flat.size)))

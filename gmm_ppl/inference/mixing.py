"""How well chains have mixed, in arrays (chains, draws, quantities)."""

from typing import Any

import numpy as np

from gmm_ppl.types import Float

TAILS = (0.05, 0.95)
"""Probabilities whose quantiles' effective sample sizes are those of the tails."""


def r_hat(draws: Float[np.ndarray, "C M Q"]) -> Float[np.ndarray, " Q"]:
    """Rank-normalised split R-hat of every quantity (Vehtari et al. 2021, doi:10.1214/20-BA1221); 1 where it does not vary."""
    return _of_each("rhat", draws, 1.0)


def effective(draws: Float[np.ndarray, "C M Q"], method: str) -> Float[np.ndarray, " Q"]:
    """Effective sample size of every quantity, in its bulk or its tails; all draws where it does not vary."""
    return _of_each("ess", draws, draws.shape[0] * draws.shape[1], method=method, **({"prob": TAILS} if method == "tail" else {}))


def _of_each(name: str, draws: np.ndarray, constant: float, **options: Any) -> np.ndarray:
    from arviz_stats.base.array import array_stats

    with np.errstate(divide="ignore", invalid="ignore"):
        found = getattr(array_stats, name)(draws, chain_axis=0, draw_axis=1, **options)
    return np.where(np.ptp(draws, axis=(0, 1)) > 0, found, constant)

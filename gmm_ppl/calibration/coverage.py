"""How often central posterior intervals hold the truth: read off the ranks."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVELS = (0.5, 0.9)
"""Probabilities that intervals are asked for."""

CONFIDENCE = 0.99
"""Of the range in which the share lies where the draws are right."""


@dataclass(frozen=True)
class Coverage:
    """Of R replications the share whose truth a central interval held, where `expected` should, give or take `low` … `high`.

    `expected` is the level as nearly as L draws allow: an interval between two of them holds m of the L + 1 ranks.
    """

    name: str
    level: float
    expected: float
    share: float
    low: float
    high: float

    @property
    def kept(self) -> bool:
        """Whether the share is in its range."""
        return self.low <= self.share <= self.high


def covered(ranks: np.ndarray, names: tuple[str, ...], draws: int) -> tuple[Coverage, ...]:
    """Every quantity at every level; `ranks` (R, Q) of 0 … `draws`."""
    return tuple(of_level(column, name, draws, level) for level in LEVELS for name, column in zip(names, ranks.T, strict=True))


def of_level(ranks: np.ndarray, name: str, draws: int, level: float) -> Coverage:
    """Of one quantity."""
    outside = round((1 - level) * (draws + 1) / 2)
    expected = 1 - 2 * outside / (draws + 1)
    inside = (ranks >= outside) & (ranks <= draws - outside)
    low, high = stats.binom.interval(CONFIDENCE, ranks.size, expected)
    return Coverage(name, level, expected, float(inside.mean()), float(low / ranks.size), float(high / ranks.size))

"""How much is stored and evaluated: the bounds that keep memory, files and waiting time in hand for large data."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Limits:
    """Bounds on what one result may hold and cost; whatever they leave out is said in the tree's `left_out`.

    Attributes:
        stored: numbers in one stored array (16 million: 128 MB in double precision).
        replicated: numbers in all replicated data sets together.
        loo_draws: draws that leave-one-out is computed from where the log-likelihood is too large to be stored.
        evaluated: densities, rows × components × draws, that averages of responsibilities may take.
    """

    stored: int = 16_000_000
    replicated: int = 4_000_000
    loo_draws: int = 1_000
    evaluated: int = 2_000_000_000


def spaced(total: int, most: int) -> np.ndarray:
    """At most `most` (at least one) of the positions 0 … total − 1, evenly spaced from the first to the last."""
    return np.linspace(0, total - 1, max(1, min(total, most))).round().astype(int)

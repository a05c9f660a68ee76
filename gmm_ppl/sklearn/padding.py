"""Rows filled up to one of a few lengths, so that data of many lengths share compiled programs."""

import numpy as np

from gmm_ppl.data.tables import aligned

SHORTEST = 128
"""Rows below which all data have one length: folds, resamples and batches of a table then need one program."""


def padded_length(rows: int) -> int:
    """The least of 128 and the multiples of an eighth of a power of two that holds `rows`: at most an eighth more."""
    if rows <= SHORTEST:
        return SHORTEST
    step = 1 << max(0, (rows - 1).bit_length() - 4)
    return -(-rows // step) * step


def padded(x: np.ndarray, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Rows (N, D) followed by copies of one that counts, and row weights, 0 for the copies."""
    count, length = len(x), padded_length(len(x))
    held = aligned(length, x.shape[1])
    held[:count] = x
    held[count:] = x[0 if weights is None else int(np.argmax(weights > 0))]
    # Nobody can write to it any more: XLA may use the very memory.
    held.flags.writeable = False
    each = np.zeros(length)
    each[:count] = 1 if weights is None else weights
    return held, each

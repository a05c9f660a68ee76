"""Rows filled up to one of a few lengths, so that data of many lengths share compiled programs."""

import numpy as np

from gmm_ppl.data.tables import aligned

SHORTEST, SHORT = 256, 1024
"""All data of up to 256 rows have one length, and so folds and resamples of a table one program; up to 1024 rows it is a power of
two, where a pass over them takes microseconds and a program seconds to compile."""


def padded_length(rows: int) -> int:
    """The length that holds `rows`: beyond 1024 a multiple of an eighth of a power of two, at most an eighth more than rows."""
    if rows <= SHORT:
        return max(SHORTEST, 1 << (rows - 1).bit_length())
    step = 1 << ((rows - 1).bit_length() - 4)
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

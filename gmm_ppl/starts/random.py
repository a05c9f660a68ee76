"""Random rows as means."""

import numpy as np

from gmm_ppl.mixture.rows import Rows
from gmm_ppl.types import Float


def random_means(rng: np.random.Generator, rows: Rows, components: int, count: int) -> Float[np.ndarray, "S K D"]:
    """`count` times K distinct rows, drawn by their weights; counted from the rows' origin.

    The first K of the rows in order of E_i / w_i, E_i exponential (Efraimidis & Spirakis 2006, doi:10.1016/j.ipl.2005.11.003).
    """
    weights = np.asarray(rows.weights, dtype=float)
    with np.errstate(divide="ignore"):
        keys = rng.exponential(size=(count, weights.size)) / weights
    chosen = np.argpartition(keys, components - 1, axis=1)[:, :components]
    return np.asarray(rows.columns, dtype=float).T[chosen]

"""Rows from a fit, in NumPy: from a point, or from the mixtures of posterior draws."""

import numpy as np

from gmm_ppl.mixture.parameters import MixtureParameters, permute
from gmm_ppl.records import map_arrays
from gmm_ppl.results.evaluate import batch_of
from gmm_ppl.types import Float, Int


def sampled_rows(draws: MixtureParameters, rows: int, *, seed: int) -> tuple[Float[np.ndarray, "N D"], Int[np.ndarray, " N"]]:
    """Rows, each from the mixture of a draw (along a leading axis) that is chosen at random, and the component of each."""
    rng = np.random.default_rng(seed)
    size = batch_of(draws.means[0].size * draws.means.shape[-1])
    found = [rows_of_block(rng, draws, min(size, rows - start)) for start in range(0, rows, size)]
    return np.concatenate([x for x, _ in found]), np.concatenate([component for _, component in found])


def rows_of_block(rng: np.random.Generator, draws: MixtureParameters, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """`sampled_rows`, of few enough."""
    chosen = rng.integers(len(draws.weights), size=rows)
    ends = np.cumsum(draws.weights, axis=-1)[chosen, :-1]
    component = (rng.random(rows)[:, None] >= ends).sum(axis=-1)
    # A mixture of one component for each row.
    single = permute(map_arrays(lambda leaf: leaf[chosen], draws), component[:, None])
    noise = rng.standard_normal((rows, 1, draws.means.shape[-1]))
    return (single.means + single.covariance.colour(noise))[:, 0], component

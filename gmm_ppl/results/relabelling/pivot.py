"""Relabelling against the EM fit: each draw takes the order in which its responsibilities agree best with the fit's."""

import equinox as eqx
import jax
import numpy as np

from gmm_ppl.mixture.density import responsibilities
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.model.assignments import flatten_draws
from gmm_ppl.results.evaluate import batch_of
from gmm_ppl.types import Array, Float, in_float64

MOST_ROWS = 2000
SEED = 2000


def pivot_order(draws: MixtureParameters, pivot: MixtureParameters, x: np.ndarray) -> np.ndarray:
    """For each draw the permutation o that maximises Σ_k Σ_i γᴱᴹ_ik γᵈʳᵃʷ_i,o(k), on at most 2000 of the rows.

    The pivotal reordering of Marin, Mengersen & Robert (2005, doi:10.1016/S0169-7161(05)25016-2, §4.3) with agreement of
    responsibilities as the similarity, as in Papastamoulis & Iliopoulos (2010, doi:10.1198/jcgs.2010.09008) but with
    probabilities in place of sampled allocations; solved exactly as a linear assignment problem.

    Args:
        draws: parameters with leading axes (chain, draw).
        pivot: parameters of the EM fit.
        x: rows (N, D).
    """
    from scipy.optimize import linear_sum_assignment

    agreement = agreements(draws, pivot, some_rows(x))
    orders = [linear_sum_assignment(each, maximize=True)[1] for each in agreement]
    return np.array(orders).reshape(draws.weights.shape)


def some_rows(x: np.ndarray) -> np.ndarray:
    """All rows, or 2000 of them at random but always the same."""
    if len(x) <= MOST_ROWS:
        return x
    return x[np.random.default_rng(SEED).choice(len(x), MOST_ROWS, replace=False)]


@in_float64
def agreements(draws: MixtureParameters, pivot: MixtureParameters, x: np.ndarray) -> Float[np.ndarray, "S K K"]:
    """Σ_i γᴱᴹ_ik γᵈʳᵃʷ_ij for every draw, chains one after another."""
    found = np.asarray(agreements_in_batches(flatten_draws(draws), pivot, x))
    # A numerically singular draw has no responsibilities; any order is as good as another for it.
    return np.nan_to_num(found)


@eqx.filter_jit
def agreements_in_batches(draws: MixtureParameters, pivot: MixtureParameters, x: Array) -> Float[Array, "S K K"]:
    """`agreements`, some draws at a time."""
    reference = responsibilities(x, pivot)
    size = batch_of(x.size * reference.shape[1])
    return jax.lax.map(lambda each: reference.T @ responsibilities(x, each), draws, batch_size=size)

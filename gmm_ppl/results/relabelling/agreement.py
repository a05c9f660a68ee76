"""What the methods share: the rows to compare on, how a draw agrees with a reference there, and the order that agrees best."""

import numpy as np

from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.results.evaluate import batch_of
from gmm_ppl.types import Float, Int, in_float64

MOST_ROWS = 2000
SEED = 2000

TIE = 1e-10
"""Relative gain below which two orders are as good as each other: rounding must not send a draw to and fro."""


def some_rows(x: np.ndarray) -> np.ndarray:
    """All rows, or 2000 of them at random but always the same."""
    if len(x) <= MOST_ROWS:
        return x
    return x[np.random.default_rng(SEED).choice(len(x), MOST_ROWS, replace=False)]


@in_float64
def agreements(draws: MixtureParameters, reference: Float[np.ndarray, "K N"], x: np.ndarray) -> Float[np.ndarray, "S K K"]:
    """Σ_i r_ki γ_ji for every draw, chains one after another.

    Args:
        draws: parameters with leading axes (chain, draw).
        reference: r, one value for each component and row.
        x: rows (N, D).
    """
    from gmm_ppl.model.assignments import flatten_draws
    from gmm_ppl.results.relabelling.programs import agreements_in_batches

    together = batch_of(x.size * reference.shape[0])
    return agreements_in_batches(flatten_draws(draws), reference, x, together=together)


def better_orders(agreement: Float[np.ndarray, "S K K"], order: Int[np.ndarray, "... K"]) -> Int[np.ndarray, "... K"]:
    """For each draw the permutation o that maximises Σ_k agreement_k,o(k), or the present one where it is as good.

    A linear assignment problem a draw, solved exactly.
    """
    # Here, because a tree without draws need not wait for it. Where every row's largest entry lies in a column of its own a
    # matrix takes two microseconds (K = 10), so that a shortcut for those would save next to nothing.
    from scipy.optimize import linear_sum_assignment

    present = order.reshape(-1, order.shape[-1])
    best = np.array([linear_sum_assignment(each, maximize=True)[1] for each in agreement])
    kept, reached = total(agreement, present), total(agreement, best)
    return np.where((reached - kept > TIE * np.abs(kept))[:, None], best, present).reshape(order.shape)


def total(agreement: Float[np.ndarray, "S K K"], order: Int[np.ndarray, "S K"]) -> Float[np.ndarray, " S"]:
    """Σ_k agreement_k,o(k)."""
    return np.take_along_axis(agreement, order[:, :, None], axis=2).sum(axis=(1, 2))

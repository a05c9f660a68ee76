"""Stephens' relabelling: draws take the orders in which their responsibilities are nearest to their own average."""

import numpy as np

from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.results.relabelling.agreement import agreements, better_orders, some_rows
from gmm_ppl.results.relabelling.pivot import pivot_order
from gmm_ppl.types import Float, in_float64

MOST_ROUNDS = 100


def stephens_order(draws: MixtureParameters, pivot: MixtureParameters, x: np.ndarray) -> np.ndarray:
    """Permutations o_s and probabilities q that minimise Σ_s Σ_i Σ_k p_si,o_s(k) log (p_si,o_s(k) / q_ik), in nats.

    Stephens (2000, doi:10.1111/1467-9868.00265, algorithm 2), with p_s the responsibilities of draw s on at most 2000 of the
    rows. From the order that agrees best with the EM fit, q is the average over draws in their present orders and each draw
    then takes the order nearest to q, until none has a nearer one or 100 rounds have passed. Neither step raises the
    objective; what it ends in is a local minimum, as EM's is.

    Args:
        draws: parameters with leading axes (chain, draw).
        pivot: parameters of the EM fit.
        x: rows (N, D).
    """
    rows = some_rows(x)
    order = pivot_order(draws, pivot, rows)
    for _ in range(MOST_ROUNDS):
        previous = order
        # Σ p log p is the same in every order, so that only Σ p log q is left to be maximised.
        order = better_orders(agreements(draws, np.log(average(draws, previous, rows)), rows), previous)
        if (order == previous).all():
            break
    return order


@in_float64
def average(draws: MixtureParameters, order: np.ndarray, x: np.ndarray) -> Float[np.ndarray, "K N"]:
    """q_ki: responsibilities averaged over draws in the given orders."""
    from gmm_ppl.model.assignments import flatten_draws
    from gmm_ppl.results.relabelling.programs import average_in_order

    return average_in_order(flatten_draws(draws), order.reshape(-1, order.shape[-1]), x)

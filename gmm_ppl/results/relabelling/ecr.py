"""Relabelling by equivalence classes of allocations, the pivot estimated from the draws themselves."""

import numpy as np

from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.results.evaluate import batch_of
from gmm_ppl.results.relabelling.agreement import better_orders, some_rows
from gmm_ppl.results.relabelling.pivot import pivot_order
from gmm_ppl.types import Float, Int, in_float64

MOST_ROUNDS = 100


def ecr_order(draws: MixtureParameters, pivot: MixtureParameters, x: np.ndarray) -> np.ndarray:
    """For each draw the permutation in which its allocations differ in the fewest rows from a partition common to all draws.

    Equivalence classes representatives (Papastamoulis & Iliopoulos 2010, doi:10.1198/jcgs.2010.09008) in their first
    iterative form (ECR-ITERATIVE-1 of Papastamoulis 2016, doi:10.18637/jss.v069.c01): the partition gives each row the
    component that most draws, in their present orders, allocate it to. From the order that agrees best with the EM fit, until
    no draw has a better one or 100 rounds have passed; neither step lowers the number of rows that agree.

    Published with allocations that were sampled; ours were summed out, so that a draw allocates a row to its most probable
    component, which leaves nothing to chance. At most 2000 of the rows.

    Args:
        draws: parameters with leading axes (chain, draw).
        pivot: parameters of the EM fit.
        x: rows (N, D).
    """
    rows = some_rows(x)
    order, allocations = pivot_order(draws, pivot, rows), allocate(draws, rows)
    for _ in range(MOST_ROUNDS):
        previous = order
        order = better_orders(matches(allocations, common_partition(allocations, previous), order.shape[-1]), previous)
        if (order == previous).all():
            break
    return order


@in_float64
def allocate(draws: MixtureParameters, x: np.ndarray) -> Int[np.ndarray, "S N"]:
    """The most probable component of each row in each draw, chains one after another."""
    from gmm_ppl.model.assignments import flatten_draws
    from gmm_ppl.results.relabelling.programs import allocate_in_batches

    return allocate_in_batches(flatten_draws(draws), x, together=batch_of(x.size * draws.weights.shape[-1]))


def common_partition(allocations: Int[np.ndarray, "S N"], order: Int[np.ndarray, "... K"]) -> Int[np.ndarray, " N"]:
    """The component that most draws, in these orders, allocate each row to."""
    names = order.reshape(len(allocations), -1).argsort(axis=-1)
    rows = np.arange(allocations.shape[1])
    votes = np.zeros((rows.size, names.shape[1]), dtype=int)
    # A draw at a time, because counting all at once would take eight bytes for each row of each draw.
    for name, each in zip(names, allocations, strict=True):
        votes[rows, name[each]] += 1
    return votes.argmax(axis=1)


def matches(allocations: Int[np.ndarray, "S N"], partition: Int[np.ndarray, " N"], components: int) -> Float[np.ndarray, "S K K"]:
    """In how many rows the partition says k and the draw j."""
    cell = components * partition
    counts = [np.bincount(cell + each, minlength=components**2) for each in allocations]
    return np.array(counts, dtype=float).reshape(-1, components, components)

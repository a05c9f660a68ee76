"""Relabelling against the EM fit: each draw takes the order in which its responsibilities agree best with the fit's."""

import numpy as np

from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.results.relabelling.agreement import agreements, better_orders, some_rows
from gmm_ppl.results.relabelling.none import own_order
from gmm_ppl.types import Float, in_float64


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
    rows = some_rows(x)
    return better_orders(agreements(draws, memberships_of(pivot, rows), rows), own_order(draws, pivot, rows))


@in_float64
def memberships_of(pivot: MixtureParameters, x: np.ndarray) -> Float[np.ndarray, "K N"]:
    """γᴱᴹ_ki."""
    from gmm_ppl.results.relabelling import programs

    return programs.memberships_of(pivot, x)

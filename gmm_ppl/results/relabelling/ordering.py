"""Relabelling by rank: an identifiability constraint on one parameter."""

import numpy as np

from gmm_ppl.mixture.parameters import MixtureParameters


def order_by_mean(draws: MixtureParameters, pivot: MixtureParameters, x: np.ndarray) -> np.ndarray:
    """Component k of a draw is the one whose mean in the first feature has the rank that component k has in the EM fit.

    The constraint μ_1 < … < μ_K, with the EM fit's names for the ranks. It is crude, and here to compare with what others
    have done: where two means overlap in that feature, draws are cut apart in the middle of a component, which biases means
    and variances of both, and nothing but the first feature is looked at (Celeux, Hurn & Robert 2000,
    doi:10.1080/01621459.2000.10474285; Stephens 2000, doi:10.1111/1467-9868.00265). The other methods look at
    which rows a component holds.
    """
    return like_ranks(draws.means[..., 0], pivot.means[:, 0])


def order_by_weight(draws: MixtureParameters, pivot: MixtureParameters, x: np.ndarray) -> np.ndarray:
    """`order_by_mean` by weights; cruder still, since weights that overlap are the rule."""
    return like_ranks(draws.weights, pivot.weights)


def like_ranks(drawn: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """The order (…, K) in which values that were drawn (…, K) are ranked as the fitted ones (K,) are."""
    return np.argsort(drawn, axis=-1)[..., np.argsort(np.argsort(fitted))]

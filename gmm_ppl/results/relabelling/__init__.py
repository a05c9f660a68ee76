"""The registry of relabelling methods: a new one is one file beside this one and one line here.

A method takes draws (leading axes chain, draw), the parameters of the EM fit and the rows, and answers with an order for every
draw, (chain, draw, K): component k of the relabelled draw is component `order[k]` of the sampler's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.results.relabelling.ecr import ecr_order
from gmm_ppl.results.relabelling.none import own_order
from gmm_ppl.results.relabelling.ordering import order_by_mean, order_by_weight
from gmm_ppl.results.relabelling.pivot import pivot_order
from gmm_ppl.results.relabelling.stephens import stephens_order

__all__ = ["RELABELLINGS", "Relabelling", "find_relabelling"]


@dataclass(frozen=True)
class Relabelling:
    """A method, and how it settles labels: what follows "Draws were relabelled"."""

    order: Callable[[MixtureParameters, MixtureParameters, np.ndarray], np.ndarray]
    manner: str


RELABELLINGS: Mapping[str, Relabelling] = MappingProxyType(
    {
        "pivot": Relabelling(pivot_order, "against the EM fit"),
        "stephens": Relabelling(stephens_order, "towards their own average responsibilities, from the EM fit on"),
        "ecr": Relabelling(ecr_order, "towards the partition that most of them agree on, from the EM fit on"),
        "order_by_mean": Relabelling(order_by_mean, "by the ranks of means in the first feature, named as in the EM fit"),
        "order_by_weight": Relabelling(order_by_weight, "by the ranks of weights, named as in the EM fit"),
        "none": Relabelling(own_order, "by nothing"),
    }
)


def find_relabelling(name: str) -> Relabelling:
    """The method called `name`; InputError lists the known ones."""
    if name not in RELABELLINGS:
        raise InputError(f"relabelling: no method is called {name!r}; choose one of {', '.join(RELABELLINGS)}.")
    return RELABELLINGS[name]

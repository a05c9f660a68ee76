"""The registry of relabelling methods: a new one is one file beside this one and one line here.

A method takes draws (leading axes chain, draw), the parameters of the EM fit and the rows, and answers with an order for every
draw, (chain, draw, K): component k of the relabelled draw is component `order[k]` of the sampler's.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.results.relabelling.none import own_order
from gmm_ppl.results.relabelling.pivot import pivot_order

__all__ = ["RELABELLINGS", "Relabelling", "find_relabelling"]

Relabelling = Callable[[MixtureParameters, MixtureParameters, np.ndarray], np.ndarray]

RELABELLINGS: Mapping[str, Relabelling] = MappingProxyType({"pivot": pivot_order, "none": own_order})


def find_relabelling(name: str) -> Relabelling:
    """The method called `name`; InputError lists the known ones."""
    if name not in RELABELLINGS:
        raise InputError(f"relabelling: no method is called {name!r}; choose one of {', '.join(RELABELLINGS)}.")
    return RELABELLINGS[name]

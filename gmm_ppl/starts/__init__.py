"""The registry of random starts: a new one is one file beside this one and one line here."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import equinox as eqx
import jax
import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.model.specification import as_jax
from gmm_ppl.priors import AbstractConjugatePrior, weak_prior
from gmm_ppl.starts.given import given_start
from gmm_ppl.starts.kmeans import kmeans_start
from gmm_ppl.starts.random import random_start
from gmm_ppl.types import Array

__all__ = ["STARTS", "starting_parameters"]

Start = Callable[[Array, Array, Array, MixtureShape, AbstractConjugatePrior], MixtureParameters]

STARTS: Mapping[str, Start] = MappingProxyType({"kmeans": kmeans_start, "random": random_start})


def starting_parameters(posterior: Posterior, *, start: object, starts: int, seed: int) -> MixtureParameters:
    """Parameters for every start, stacked along a leading axis: `starts` random ones, or the single one given.

    Raises:
        InputError: an unknown name, or a given start that does not fit the mixture and the data.

    """
    shape, x = posterior.shape, np.asarray(posterior.x)
    weak = as_jax(weak_prior(shape, data_scale(x)))
    if not isinstance(start, str):
        return jax.tree.map(lambda leaf: leaf[None], given_start(start, x, shape, weak))
    if start not in STARTS:
        raise InputError(f"start: none is called {start!r}; choose one of {', '.join(STARTS)}, or give parameters.")
    keys = jax.random.split(jax.random.key(seed), starts)
    return random_starts(STARTS[start], keys, posterior.x, posterior.row_weights, shape, weak)


@eqx.filter_jit
def random_starts(
    start: Start, keys: Array, x: Array, row_weights: Array, shape: MixtureShape, weak: AbstractConjugatePrior
) -> MixtureParameters:
    """Starts one after another, so that memory holds the memberships of one."""
    return jax.lax.map(lambda key: start(key, x, row_weights, shape, weak), keys)

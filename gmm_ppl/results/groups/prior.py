"""Draws from the prior, so that it can be looked at beside the posterior."""

import jax
import numpy as np

from gmm_ppl.compiled import compiled_once
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.model.specification import resolved_prior
from gmm_ppl.priors import AbstractPrior
from gmm_ppl.priors.sites import draw_sites
from gmm_ppl.results.labels import SAMPLE, variables_of
from gmm_ppl.results.material import Groups, Material, key_of
from gmm_ppl.types import Array, in_float64

PURPOSE = 0


def prior_group(material: Material) -> Groups:
    """Weights, means and covariances drawn from the prior, one chain; absent where it is improper or not asked for."""
    if not resolved_prior(material.mixture).proper:
        return Groups({}, ("prior: it is flat, an improper density that cannot be drawn from.",))
    if material.prior_draws == 0:
        return Groups({})
    return Groups({"prior": material.labelled(variables_of(drawn(material), sample=SAMPLE))})


@in_float64
def drawn(material: Material) -> MixtureParameters:
    """Parameters with leading axes (1, draw)."""
    draws = draws_of(resolved_prior(material.mixture), material.shape, np.asarray(material.seed), material.prior_draws)
    return jax.tree.map(lambda leaf: np.asarray(leaf)[None], draws)


@compiled_once
def draws_of(prior: AbstractPrior, shape: MixtureShape, seed: Array, number: int) -> MixtureParameters:
    """`number` draws; one after another, which compiles in half the time of all at once."""
    keys = jax.random.split(key_of(seed, PURPOSE), number)
    return jax.lax.map(lambda key: draw_sites(prior, shape, key)[1], keys)

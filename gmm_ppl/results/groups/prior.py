"""Draws from the prior, so that it can be looked at beside the posterior."""

import equinox as eqx
import jax

from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.model.specification import as_jax, resolved_prior
from gmm_ppl.priors import AbstractPrior
from gmm_ppl.priors.sites import draw_sites
from gmm_ppl.results.labels import SAMPLE, variables_of
from gmm_ppl.results.material import Groups, Material
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
    keys = jax.random.split(material.key(PURPOSE), material.prior_draws)
    draws = draws_of(as_jax(resolved_prior(material.mixture)), material.shape, keys)
    return jax.tree.map(lambda leaf: leaf[None], draws)


@eqx.filter_jit
def draws_of(prior: AbstractPrior, shape: MixtureShape, keys: Array) -> MixtureParameters:
    """One draw for each key; one after another, which compiles in half the time of all at once."""
    return jax.lax.map(lambda key: draw_sites(prior, shape, key)[1], keys)

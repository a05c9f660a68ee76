"""Random rows as means, the data's covariance for every component."""

import jax
import jax.numpy as jnp

from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.priors import AbstractConjugatePrior
from gmm_ppl.starts.base import parameters_of_memberships
from gmm_ppl.types import Array, Float, PRNGKeyArray


def random_start(
    key: PRNGKeyArray, x: Float[Array, "N D"], row_weights: Float[Array, " N"], shape: MixtureShape, weak: AbstractConjugatePrior
) -> MixtureParameters:
    """K distinct rows (drawn by their weights) as means, equal weights, one common covariance: that of all rows."""
    chosen = jax.random.choice(key, x.shape[0], (shape.components,), replace=False, p=row_weights / jnp.sum(row_weights))
    equal = jnp.broadcast_to(row_weights[:, None] / shape.components, (x.shape[0], shape.components))
    whole = parameters_of_memberships(x, equal, shape, weak)
    weights = jnp.full(shape.components, 1 / shape.components, x.dtype)
    return MixtureParameters(weights, x[chosen], whole.covariance)

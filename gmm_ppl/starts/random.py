"""Random rows as means, the data's covariance for every component."""

import jax
import jax.numpy as jnp

from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.priors.padded import PaddedPrior
from gmm_ppl.starts.base import parameters_of_memberships
from gmm_ppl.types import PRNGKeyArray


def random_start(key: PRNGKeyArray, rows: Rows, shape: MixtureShape, weak: PaddedPrior) -> MixtureParameters:
    """K distinct rows (drawn by their weights) as means, equal weights, one common covariance: that of all rows."""
    count, components = rows.weights.shape[0], shape.components
    chosen = jax.random.choice(key, count, (components,), replace=False, p=rows.weights / jnp.sum(rows.weights))
    weights = weak.present / jnp.sum(weak.present)
    whole = parameters_of_memberships(rows, jnp.broadcast_to(weights, (count, components)), shape, weak)
    return MixtureParameters(weights, rows.origin + rows.columns[:, chosen].T, whole.covariance)

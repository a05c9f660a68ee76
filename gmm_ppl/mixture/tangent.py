"""Parameters moved along straight lines: weights keep their sum, matrices their symmetry, and nothing else is asked."""

import jax.numpy as jnp
import numpy as np

from gmm_ppl.mixture.covariance import AbstractCovariance
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.types import Array, Float


def moved(parameters: MixtureParameters, steps: Float[Array, " P"]) -> MixtureParameters:
    """Parameters + steps: of all weights but the last, which pays for them, of means, and of covariance values.

    Of a matrix the lower triangle is stepped, row by row. Units are the parameters' own, P is `MixtureShape.n_parameters`; for
    small steps alone is the answer a mixture.
    """
    components, features = parameters.means.shape
    weights, means, values = jnp.split(steps, [components - 1, components - 1 + components * features])
    return MixtureParameters(
        parameters.weights + jnp.concatenate([weights, -jnp.sum(weights, keepdims=True)]),
        parameters.means + means.reshape(components, features),
        moved_covariance(parameters.covariance, values),
    )


def moved_covariance(covariance: AbstractCovariance, steps: Float[Array, " Q"]) -> AbstractCovariance:
    """Covariances + steps."""
    values = covariance.values
    if not covariance.matrix:
        return type(covariance)(values + steps.reshape(values.shape))
    features = values.shape[-1]
    rows, columns = np.tril_indices(features)
    place = np.zeros((features, features), dtype=int)
    place[rows, columns] = place[columns, rows] = np.arange(rows.size)
    return type(covariance)(values + steps.reshape(*values.shape[:-2], rows.size)[..., place])

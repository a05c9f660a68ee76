"""Coordinates in which every point is a mixture: a straight line in them never leaves the parameters' domain."""

from math import prod

import jax
import jax.numpy as jnp

from gmm_ppl.mixture.covariance import AbstractCovariance
from gmm_ppl.mixture.covariance.triangular import (
    below_diagonal,
    cholesky,
    diagonal,
    inverse_triangle,
    known_roots,
    squared,
    triangle,
)
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.types import Array, Float


def to_coordinates(parameters: MixtureParameters, deviations: Float[Array, " D"]) -> Float[Array, " P"]:
    """Log weights less their mean; means in units of the data's `deviations`; logarithms of covariances.

    A matrix is taken in the same units and given by its Cholesky factor, the diagonal as logarithms (Pinheiro & Bates 1996,
    doi:10.1007/BF00140873). All K weights have a coordinate, so that components are treated alike; one of 0 has that of 10⁻³⁰⁰,
    which no sum over components can tell from it.
    """
    weights = jnp.log(jnp.maximum(parameters.weights, 1e-300))
    covariance = parameters.covariance
    spread = flat_factors(covariance.values, deviations) if covariance.matrix else jnp.log(covariance.values).reshape(-1)
    return jnp.concatenate([weights - jnp.mean(weights), (parameters.means / deviations).reshape(-1), spread])


def from_coordinates(coordinates: Float[Array, " P"], shape: MixtureShape, deviations: Float[Array, " D"]) -> MixtureParameters:
    """The mixture that has these coordinates."""
    components, features = shape.components, shape.features
    weights, means, spread = jnp.split(coordinates, [components, components + components * features])
    return MixtureParameters(
        jax.nn.softmax(weights), means.reshape(components, features) * deviations, covariance_of(spread, shape, deviations)
    )


def flat_factors(matrices: Float[Array, "... D D"], deviations: Float[Array, " D"]) -> Float[Array, " Q"]:
    """Log diagonals, then lower triangles, of the Cholesky factors of matrices in units of `deviations`."""
    factors = cholesky(matrices / deviations[:, None] / deviations)
    return jnp.concatenate([jnp.log(diagonal(factors)).reshape(-1), below_diagonal(factors).reshape(-1)])


def covariance_of(spread: Float[Array, " Q"], shape: MixtureShape, deviations: Float[Array, " D"]) -> AbstractCovariance:
    """The covariances whose coordinates are `spread`, with the roots that they are made of."""
    size = shape.family.value_shape(shape.components, shape.features)
    if not shape.family.matrix:
        return shape.family(jnp.exp(spread).reshape(size))
    features, batch = shape.features, size[:-2]
    diagonals, below = jnp.split(spread, [prod(batch) * features])
    factors = triangle(below.reshape(*batch, -1), jnp.exp(diagonals).reshape(*batch, features))
    factors = deviations[:, None] * factors
    values = squared(factors)
    with known_roots((values, inverse_triangle(factors))):
        return shape.family(values).rooted()

"""k-means++ seeds (Arthur & Vassilvitskii 2007, doi:10.5555/1283383.1283494) and a short k-means."""

import jax
import jax.numpy as jnp

from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.priors.padded import PaddedPrior
from gmm_ppl.starts.base import parameters_of_memberships
from gmm_ppl.types import Array, Float, Int, PRNGKeyArray

LLOYD_STEPS = 10
"""Enough to leave bad seeds; EM goes on from there, so k-means need not converge."""


def kmeans_start(key: PRNGKeyArray, rows: Rows, shape: MixtureShape, weak: PaddedPrior) -> MixtureParameters:
    """Clusters of the standardised features, so that a column's unit does not choose the start."""
    values = rows.columns.T
    residuals = values - jnp.average(values, axis=0, weights=rows.weights)
    standardised = residuals / jnp.sqrt(jnp.average(residuals**2, axis=0, weights=rows.weights))
    centres = seeds(key, standardised, rows.weights, shape.components)
    # Absent components are infinitely far from every row; the first K seeds are those that K components would have.
    centres = jnp.where(weak.present[:, None] > 0, centres, jnp.inf)
    centres = jax.lax.fori_loop(0, LLOYD_STEPS, lambda _, each: lloyd(standardised, rows.weights, each), centres)
    return parameters_of_memberships(rows, nearest(standardised, centres), shape, weak)


def seeds(key: PRNGKeyArray, rows: Float[Array, "N D"], row_weights: Float[Array, " N"], components: int) -> Float[Array, "K D"]:
    """K rows, each drawn with probability proportional to its squared distance from those before it."""
    keys = jax.random.split(key, components)
    first = rows[jax.random.categorical(keys[0], jnp.log(row_weights))]
    centres = jnp.broadcast_to(first, (components, rows.shape[1]))

    def add(index: Int[Array, ""], state: tuple[Array, Array]) -> tuple[Array, Array]:
        centres, closest = state
        chosen = rows[jax.random.categorical(keys[index], jnp.log(closest * row_weights))]
        return centres.at[index].set(chosen), jnp.minimum(closest, jnp.sum((rows - chosen) ** 2, axis=1))

    return jax.lax.fori_loop(1, components, add, (centres, jnp.sum((rows - first) ** 2, axis=1)))[0]


def lloyd(rows: Float[Array, "N D"], row_weights: Float[Array, " N"], centres: Float[Array, "K D"]) -> Float[Array, "K D"]:
    """Move each centre to the mean of its rows; a centre without rows stays."""
    memberships = nearest(rows, centres) * row_weights[:, None]
    count = jnp.sum(memberships, axis=0)[:, None]
    return jnp.where(count > 0, memberships.T @ rows / jnp.where(count > 0, count, 1), centres)


def nearest(rows: Float[Array, "N D"], centres: Float[Array, "K D"]) -> Float[Array, "N K"]:
    """One-hot membership in the nearest centre; standardised rows are near the origin, so expanding the square is safe."""
    finite = jnp.isfinite(centres)
    near = jnp.where(finite, centres, 0)
    distances = jnp.sum(near**2, axis=1) + jnp.where(finite[:, 0], 0, jnp.inf) - 2 * rows @ near.T
    return jax.nn.one_hot(jnp.argmin(distances, axis=1), centres.shape[0], dtype=rows.dtype)

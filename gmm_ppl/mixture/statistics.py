"""Expected sufficient statistics of a mixture: all that an M-step, a gradient or a Gibbs count needs of the data."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from gmm_ppl.types import Array, Float


class Statistics(eqx.Module):
    """Σ_i w_i r_ik (1, x_i − c_k, (x_i − c_k)(x_i − c_k)ᵀ): sums about a shared centre c, so that chunks simply add.

    `second` holds outer products (K, D, D) for families of matrices and squares (K, D) for families of variances.
    """

    count: Float[Array, " K"]
    first: Float[Array, "K D"]
    second: Array
    centre: Float[Array, "K D"]

    @property
    def offset(self) -> Float[Array, "K D"]:
        """Weighted mean of x less the centre; 0 where a component has no rows."""
        return self.first / jnp.where(self.count > 0, self.count, 1)[:, None]

    @property
    def means(self) -> Float[Array, "K D"]:
        """Weighted means of x; the centre where a component has no rows."""
        return self.centre + self.offset

    @property
    def scatter(self) -> Array:
        """Weighted second moments about the weighted means, in the shape of `second`; matrices exactly symmetric."""
        scatter = self.second - square(self.offset, matrix=self.second.ndim == 3) * expand(self.count, self.second.ndim)
        return mirrored(scatter) if scatter.ndim == 3 else scatter


def no_statistics(means: Float[Array, "K D"], *, matrix: bool) -> Statistics:
    """`Statistics` of no rows, for K components of D features."""
    zeros = jnp.zeros_like(means)
    return Statistics(zeros[:, 0], zeros, square(zeros, matrix=matrix), zeros)


def symmetric_places(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows and columns of the upper triangle of a symmetric matrix, row by row, and where in that list each entry is."""
    rows, columns = np.triu_indices(size)
    place = np.zeros((size, size), dtype=int)
    place[rows, columns] = place[columns, rows] = np.arange(rows.size)
    return rows, columns, place


def mirrored(matrices: Float[Array, "... D D"]) -> Float[Array, "... D D"]:
    """The upper triangle on both sides of the diagonal.

    A matrix product is symmetric to rounding only, of moments that may be far larger than what is left of them. The mean of both
    sides would be no safer: compilers round the two operands of a sum in different ways.
    """
    place = np.arange(matrices.shape[-1])
    return matrices[..., np.minimum(place[:, None], place), np.maximum(place[:, None], place)]


def square(vectors: Float[Array, "K D"], *, matrix: bool) -> Array:
    """Outer products v vᵀ (`matrix`), or squares v², of each row v."""
    return vectors[:, :, None] * vectors[:, None, :] if matrix else vectors**2


def expand(per_component: Array, ndim: int) -> Array:
    """A (K,) array with trailing axes of length one, to multiply arrays of `ndim` axes."""
    return per_component.reshape(per_component.shape + (1,) * (ndim - 1))

"""The positive definite root of a quadratic matrix equation, with derivatives that do not mind equal eigenvalues."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from gmm_ppl.namespace import namespace
from gmm_ppl.types import Array, Float


def quadratic_root(matrices: Float[Array, "... D D"], count: Float[Array, "..."]) -> Float[Array, "... D D"]:
    """X ≻ 0 with X² + c X = M, for symmetric positive definite M; where M is not, X is not either, or NaN."""
    if namespace(matrices) is np:
        return by_eigenvectors(matrices, count)[0]
    return differentiable_root()(matrices, count)


def by_eigenvectors(matrices: Float[Array, "... D D"], count: Float[Array, "..."]) -> tuple[Array, Array, Array]:
    """X = V diag(r_i − c/2) Vᵀ with r_i = √(λ_i + c²/4), for the eigenvalues λ and eigenvectors V of M; V and r."""
    xp, half = namespace(matrices), count[..., None] / 2
    # LAPACK raises on NaN in NumPy.
    finite = xp.isfinite(matrices).all(axis=(-2, -1))[..., None]
    values, vectors = xp.linalg.eigh(xp.where(finite[..., None], matrices, 0))
    values = xp.where(finite, values, xp.nan)
    roots = xp.sqrt(values + half**2)
    # λ / (r + c/2) is the same, without the difference of two near equals.
    solved = xp.where(half > 0, values / xp.where(half > 0, roots + half, 1), roots - half)
    return (vectors * solved[..., None, :]) @ vectors.swapaxes(-1, -2), vectors, roots


@cache
def differentiable_root() -> Callable[[Array, Array], Array]:
    """The root in JAX: (X + c/2) dX + dX (X + c/2) = dM − dc X is solved in the eigenvectors, by r_i + r_j, which are not 0."""
    import jax

    @jax.custom_jvp
    def root(matrices: Array, count: Array) -> Array:
        return by_eigenvectors(matrices, count)[0]

    @root.defjvp
    def _(primals: Any, tangents: Any) -> tuple[Array, Array]:
        solved, vectors, roots = by_eigenvectors(*primals)
        right = tangents[0] - tangents[1][..., None, None] * solved
        transposed = vectors.swapaxes(-1, -2)
        inside = (transposed @ right @ vectors) / (roots[..., :, None] + roots[..., None, :])
        return solved, vectors @ inside @ transposed

    return root

"""Cholesky factors of covariance matrices: LAPACK's, or written out where a call costs more than the work."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular

from gmm_ppl.types import Array, Float

WRITTEN_OUT = 3
"""Up to this many features factors are plain arithmetic, which XLA fuses: 20 starts on 272 × 2 rows take half the time, and
their program a fifth less to compile."""

Entries = dict[tuple[int, int], Array]

ROOTS: ContextVar[tuple[tuple[Array, Array], ...]] = ContextVar("matrices whose L⁻¹ is known", default=())


@contextmanager
def known_roots(*pairs: tuple[Array, Array]) -> Iterator[None]:
    """Within, L⁻¹ of these very matrices Σ = L Lᵀ is what stands beside each; nothing is factorised.

    Samplers move in coordinates that are factors: a density that multiplied them out and factorised the product again took
    twice as long to compile, and its Hessian three times.
    """
    token = ROOTS.set(ROOTS.get() + pairs)
    try:
        yield
    finally:
        ROOTS.reset(token)


def inverse_cholesky(matrices: Float[Array, "... D D"]) -> Float[Array, "... D D"]:
    """L⁻¹ for Σ = L Lᵀ; NaN where a matrix is not positive definite, which every fit's status looks for."""
    for known, root in ROOTS.get():
        if known is matrices:
            return root
    if matrices.shape[-1] <= WRITTEN_OUT:
        return assembled(inverse_entries(*cholesky_entries(matrices)), matrices)
    return inverse_triangle(jnp.linalg.cholesky(matrices))


def inverse_triangle(factor: Float[Array, "... D D"]) -> Float[Array, "... D D"]:
    """L⁻¹."""
    size = factor.shape[-1]
    if size <= WRITTEN_OUT:
        lower = {(row, column): factor[..., row, column] for row in range(size) for column in range(row)}
        return assembled(inverse_entries(lower, [1 / factor[..., row, row] for row in range(size)]), factor)
    identity = jnp.broadcast_to(jnp.eye(size, dtype=factor.dtype), factor.shape)
    return solve_triangular(factor, identity, lower=True)


def log_determinant(matrices: Float[Array, "... D D"]) -> Array:
    """Log |Σ| from the Cholesky factor, which neither overflows nor underflows where the determinant itself would.

    Of its inverse only where that is known: second derivatives of an inverse by variances of 10⁻²⁰⁰ overflow.
    """
    known = any(each is matrices for each, _ in ROOTS.get())
    factor, sign = (inverse_cholesky(matrices), -2) if known else (cholesky(matrices), 2)
    return sign * jnp.sum(jnp.log(diagonal(factor)), axis=-1)


def diagonal(matrices: Float[Array, "... D D"]) -> Float[Array, "... D"]:
    """Diagonals, by choice where JAX gathers: a gather is a program of its own, and its derivative a scatter."""
    return jnp.sum(jnp.where(np.eye(matrices.shape[-1], dtype=bool), matrices, 0), axis=-1)


def applied(matrices: Float[Array, "... D D"], vectors: Float[Array, "... D"]) -> Float[Array, "... D"]:
    """A v for each of the vectors (…, *K, D)."""
    if matrices.shape[-1] <= WRITTEN_OUT:
        return jnp.sum(matrices * vectors[..., None, :], axis=-1)
    return jnp.einsum("kde,...ke->...kd" if matrices.ndim == 3 else "de,...e->...d", matrices, vectors)


def traced(roots: Float[Array, "... D D"], second: Float[Array, "... D D"]) -> Array:
    """tr(R S Rᵀ)."""
    if roots.shape[-1] <= WRITTEN_OUT:
        product = jnp.sum(roots[..., :, :, None] * second[..., None, :, :], axis=-2)
    else:
        product = roots @ second
    return jnp.sum(product * roots, axis=(-2, -1))


def cholesky_entries(matrices: Float[Array, "... D D"]) -> tuple[Entries, list[Array]]:
    """L, an entry at a time, and what 1 is over its diagonal.

    By products with that, not by division: second derivatives of a quotient lose their digits at variances of 10⁻²⁰⁰.
    """
    lower: Entries = {}
    reciprocals: list[Array] = []
    for row in range(matrices.shape[-1]):
        for column in range(row):
            known = sum(lower[row, k] * lower[column, k] for k in range(column))
            lower[row, column] = (symmetric_entry(matrices, row, column) - known) * reciprocals[column]
        lower[row, row] = jnp.sqrt(matrices[..., row, row] - sum(lower[row, k] ** 2 for k in range(row)))
        reciprocals.append(1 / lower[row, row])
    return lower, reciprocals


def inverse_entries(lower: Entries, reciprocals: list[Array]) -> Entries:
    """L⁻¹, an entry at a time."""
    inverse = {(row, row): each for row, each in enumerate(reciprocals)}
    for row in range(len(reciprocals)):
        for column in range(row):
            inverse[row, column] = -inverse[row, row] * sum(lower[row, k] * inverse[k, column] for k in range(column, row))
    return inverse


def assembled(entries: Entries, like: Float[Array, "... D D"]) -> Float[Array, "... D D"]:
    """A lower triangular matrix of its entries."""
    size, zero = like.shape[-1], jnp.zeros_like(like[..., 0, 0])
    return jnp.stack([jnp.stack([entries.get((row, k), zero) for k in range(size)], axis=-1) for row in range(size)], axis=-2)


def symmetric_entry(matrices: Float[Array, "... D D"], row: int, column: int) -> Array:
    """The mean of an entry and its mirror image, as LAPACK's factor in JAX takes it, so that derivatives are symmetric too."""
    return (matrices[..., row, column] + matrices[..., column, row]) / 2


def triangle(below: Float[Array, "... Q"], on: Float[Array, "... D"]) -> Float[Array, "... D D"]:
    """The lower triangular matrix with diagonal `on`, and `below` it, row by row."""
    size = on.shape[-1]
    rows, columns = np.tril_indices(size, -1)
    place = np.zeros((size, size), dtype=int)
    place[rows, columns] = np.arange(rows.size)
    place[np.arange(size), np.arange(size)] = rows.size + np.arange(size)
    entries, lower = jnp.concatenate([below, on], axis=-1), np.tri(size, dtype=bool)
    if size <= WRITTEN_OUT:
        chosen = lower[..., None] & (place[..., None] == np.arange(entries.shape[-1]))
        return jnp.sum(jnp.where(chosen, entries[..., None, None, :], 0), axis=-1)
    return jnp.where(lower, entries.at[..., place].get(mode="promise_in_bounds"), 0)


def below_diagonal(matrices: Float[Array, "... D D"]) -> Float[Array, "... Q"]:
    """What is below the diagonal, row by row."""
    size = matrices.shape[-1]
    rows, columns = np.tril_indices(size, -1)
    if 1 < size <= WRITTEN_OUT:
        return jnp.stack([matrices[..., row, column] for row, column in zip(rows, columns, strict=True)], axis=-1)
    return matrices.at[..., rows, columns].get(mode="promise_in_bounds")


def squared(lower: Float[Array, "... D D"]) -> Float[Array, "... D D"]:
    """L Lᵀ."""
    if lower.shape[-1] <= WRITTEN_OUT:
        return jnp.sum(lower[..., :, None, :] * lower[..., None, :, :], axis=-1)
    return lower @ jnp.swapaxes(lower, -1, -2)


def cholesky(matrices: Float[Array, "... D D"]) -> Float[Array, "... D D"]:
    """L; NaN where a matrix is not positive definite."""
    if matrices.shape[-1] <= WRITTEN_OUT:
        return assembled(cholesky_entries(matrices)[0], matrices)
    return jnp.linalg.cholesky(matrices)

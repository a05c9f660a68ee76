"""Cholesky factors of covariance matrices: LAPACK's, or written out where a call costs XLA more than the work."""

from collections.abc import Callable
from functools import cache

import numpy as np

from gmm_ppl.namespace import namespace
from gmm_ppl.types import Array, Float

WRITTEN_OUT = 3
"""Up to this many features JAX's factors are plain arithmetic, which XLA fuses; NumPy calls LAPACK at any size."""

Entries = dict[tuple[int, int], Array]


def fused(matrices: Array) -> bool:
    """Whether arithmetic on these matrices is best written out, entry by entry: never NumPy's."""
    return matrices.shape[-1] <= WRITTEN_OUT and namespace(matrices) is not np


def cholesky(matrices: Float[Array, "... D D"]) -> Float[Array, "... D D"]:
    """L with Σ = L Lᵀ; NaN where a matrix is not positive definite, which every fit's status looks for."""
    if fused(matrices):
        return assembled(cholesky_entries(matrices)[0], matrices)
    xp = namespace(matrices)
    return or_nan(np.linalg.cholesky, matrices) if xp is np else xp.linalg.cholesky(matrices)


def solved(matrices: Float[Array, "... D D"], right: Float[Array, "... D R"]) -> Float[Array, "... D R"]:
    """A⁻¹ B; NaN where A is singular."""
    xp = namespace(matrices, right)
    return or_nan(np.linalg.solve, matrices, right) if xp is np else xp.linalg.solve(matrices, right)


def or_nan(function: Callable[..., np.ndarray], *arrays: np.ndarray) -> np.ndarray:
    """The function of NumPy's matrices, in the last array's shape; NaN where it raises, as JAX answers by itself."""
    try:
        return function(*arrays)
    except np.linalg.LinAlgError:
        if arrays[0].ndim == 2:
            return np.full_like(arrays[-1], np.nan)
        return np.stack([or_nan(function, *each) for each in zip(*arrays, strict=True)])


def inverse_cholesky(matrices: Float[Array, "... D D"]) -> Float[Array, "... D D"]:
    """L⁻¹ for Σ = L Lᵀ; NaN where a matrix is not positive definite."""
    if fused(matrices):
        return assembled(inverse_entries(*cholesky_entries(matrices)), matrices)
    return inverse_triangle(cholesky(matrices))


def inverse_triangle(factor: Float[Array, "... D D"]) -> Float[Array, "... D D"]:
    """L⁻¹."""
    size, xp = factor.shape[-1], namespace(factor)
    if xp is np:
        return substituted(factor)
    if size <= WRITTEN_OUT:
        lower = {(row, column): factor[..., row, column] for row in range(size) for column in range(row)}
        return assembled(inverse_entries(lower, [1 / factor[..., row, row] for row in range(size)]), factor)
    from jax.scipy.linalg import solve_triangular

    identity = xp.broadcast_to(xp.eye(size, dtype=factor.dtype), factor.shape)
    return solve_triangular(factor, identity, lower=True)


def substituted(factor: Float[np.ndarray, "... D D"]) -> Float[np.ndarray, "... D D"]:
    """L⁻¹, a row at a time for all matrices at once."""
    inverse = np.zeros_like(factor)
    for row in range(factor.shape[-1]):
        reciprocal = 1 / factor[..., row, row]
        inverse[..., row, row] = reciprocal
        if row:
            known = factor[..., row, None, :row] @ inverse[..., :row, :row]
            inverse[..., row, :row] = -reciprocal[..., None] * known[..., 0, :]
    return inverse


def log_determinant(matrices: Float[Array, "... D D"]) -> Array:
    """Log |Σ| from the Cholesky factor, which neither overflows nor underflows where the determinant itself would."""
    return 2 * namespace(matrices).log(diagonal(cholesky(matrices))).sum(axis=-1)


def diagonal(matrices: Float[Array, "... D D"]) -> Float[Array, "... D"]:
    """Diagonals; JAX's by choice where it would gather: a gather is a program of its own, and its derivative a scatter."""
    xp = namespace(matrices)
    if xp is np:
        return np.diagonal(matrices, axis1=-2, axis2=-1)
    return xp.where(np.eye(matrices.shape[-1], dtype=bool), matrices, 0).sum(axis=-1)


def applied(matrices: Float[Array, "... D D"], vectors: Float[Array, "... D"]) -> Float[Array, "... D"]:
    """A v, leading axes broadcast."""
    xp = namespace(matrices, vectors)
    if matrices.shape[-1] <= WRITTEN_OUT:
        return (matrices * vectors[..., None, :]).sum(axis=-1)
    return xp.matmul(matrices, vectors[..., None])[..., 0]


def traced(roots: Float[Array, "... D D"], second: Float[Array, "... D D"]) -> Array:
    """tr(R S Rᵀ)."""
    product = (roots[..., :, :, None] * second[..., None, :, :]).sum(axis=-2) if fused(roots) else roots @ second
    return (product * roots).sum(axis=(-2, -1))


def cholesky_entries(matrices: Float[Array, "... D D"]) -> tuple[Entries, list[Array]]:
    """L, an entry at a time, and what 1 is over its diagonal.

    By products with that, not by division: second derivatives of a quotient lose their digits at variances of 10⁻²⁰⁰.
    """
    xp = namespace(matrices)
    lower: Entries = {}
    reciprocals: list[Array] = []
    for row in range(matrices.shape[-1]):
        for column in range(row):
            known = sum(lower[row, k] * lower[column, k] for k in range(column))
            lower[row, column] = (symmetric_entry(matrices, row, column) - known) * reciprocals[column]
        lower[row, row] = xp.sqrt(matrices[..., row, row] - sum(lower[row, k] ** 2 for k in range(row)))
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
    xp, size = namespace(like), like.shape[-1]
    zero = xp.zeros_like(like[..., 0, 0])
    return xp.stack([xp.stack([entries.get((row, k), zero) for k in range(size)], axis=-1) for row in range(size)], axis=-2)


def symmetric_entry(matrices: Float[Array, "... D D"], row: int, column: int) -> Array:
    """The mean of an entry and its mirror image, as LAPACK's factor in JAX takes it, so that derivatives are symmetric too."""
    return (matrices[..., row, column] + matrices[..., column, row]) / 2


def triangle(below: Float[Array, "... Q"], on: Float[Array, "... D"]) -> Float[Array, "... D D"]:
    """The lower triangular matrix with diagonal `on`, and `below` it, row by row."""
    xp, size = namespace(below, on), on.shape[-1]
    place = triangle_places(size)
    entries, lower = xp.concatenate([below, on], axis=-1), lower_triangle(size)
    if xp is np:
        return np.where(lower, entries[..., place], 0)
    if size <= WRITTEN_OUT:
        chosen = lower[..., None] & (place[..., None] == np.arange(entries.shape[-1]))
        return xp.where(chosen, entries[..., None, None, :], 0).sum(axis=-1)
    return xp.where(lower, entries.at[..., place].get(mode="promise_in_bounds"), 0)


def below_diagonal(matrices: Float[Array, "... D D"]) -> Float[Array, "... Q"]:
    """What is below the diagonal, row by row."""
    xp, size = namespace(matrices), matrices.shape[-1]
    rows, columns = strict_lower(size)
    if xp is np:
        return matrices[..., rows, columns]
    if 1 < size <= WRITTEN_OUT:
        return xp.stack([matrices[..., row, column] for row, column in zip(rows, columns, strict=True)], axis=-1)
    return matrices.at[..., rows, columns].get(mode="promise_in_bounds")


def squared(lower: Float[Array, "... D D"]) -> Float[Array, "... D D"]:
    """L Lᵀ."""
    if fused(lower):
        return (lower[..., :, None, :] * lower[..., None, :, :]).sum(axis=-1)
    return lower @ lower.swapaxes(-1, -2)


@cache
def strict_lower(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the entries below the diagonal, row by row."""
    return indices(*np.tril_indices(size, -1))


@cache
def lower_triangle(size: int) -> np.ndarray:
    """Which entries are on or below the diagonal."""
    return np.tri(size, dtype=bool)


@cache
def triangle_places(size: int) -> np.ndarray:
    """Where each entry of a lower triangular matrix is in the list of those below the diagonal and then those on it."""
    rows, columns = strict_lower(size)
    place = np.zeros((size, size), dtype=np.int32)
    place[rows, columns] = np.arange(rows.size)
    place[np.arange(size), np.arange(size)] = rows.size + np.arange(size)
    return place


@cache
def upper_triangle(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the entries on or above the diagonal, row by row."""
    return indices(*np.triu_indices(size))


@cache
def symmetric_places(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows and columns of the upper triangle of a symmetric matrix, row by row, and where in that list each entry is."""
    rows, columns = upper_triangle(size)
    place = np.zeros((size, size), dtype=np.int32)
    place[rows, columns] = place[columns, rows] = np.arange(rows.size)
    return rows, columns, place


def mirrored(matrices: Float[Array, "... D D"]) -> Float[Array, "... D D"]:
    """The upper triangle on both sides of the diagonal.

    A matrix product is symmetric to rounding only, of moments that may be far larger than what is left of them. The mean of both
    sides would be no safer: compilers round the two operands of a sum in different ways.
    """
    return matrices[(..., *mirror_places(matrices.shape[-1]))]


@cache
def mirror_places(size: int) -> tuple[np.ndarray, np.ndarray]:
    """For every entry of a matrix that of it and its mirror image which is on or above the diagonal."""
    place = np.arange(size)
    return indices(np.minimum(place[:, None], place), np.maximum(place[:, None], place))


def indices(rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As JAX takes them: it adds a size to them, of int32 in single precision, and refuses another type."""
    return rows.astype(np.int32), columns.astype(np.int32)

"""Checks of hyperparameters: each refusal names the number, what was given and what it must be."""

import numpy as np

from gmm_ppl.errors import InputError


def number_above(value: object, low: float, name: str) -> np.ndarray:
    """A finite scalar greater than `low`."""
    array = as_numbers(value, name)
    if array.ndim or not array > low:
        raise InputError(f"prior: {name} must be one number greater than {low:g}; given {value!r}.")
    return array


def vector_of(value: object, length: int, name: str, *, positive: bool) -> np.ndarray:
    """A scalar or a vector of `length`, as a vector."""
    array = as_numbers(value, name)
    if array.shape not in ((), (length,)):
        raise InputError(f"prior: {name} must be one number or {length} of them; given {value!r}.")
    if positive and (array <= 0).any():
        raise InputError(f"prior: {name} must be positive; given {value!r}.")
    return np.broadcast_to(array, (length,)).copy()


def scale_matrix(value: object, features: int, name: str) -> np.ndarray:
    """A symmetric positive definite matrix, from a scalar (times identity), a diagonal or the matrix itself."""
    array = as_numbers(value, name)
    if array.ndim < 2:
        return np.diag(vector_of(value, features, name, positive=True))
    if array.shape != (features, features):
        raise InputError(
            f"prior: {name} must be a number, {features} numbers or a {features} × {features} matrix; given {value!r}."
        )
    scale = np.sqrt(np.abs(np.diagonal(array)))
    correlation = array / np.where(scale > 0, scale, 1)[:, None] / np.where(scale > 0, scale, 1)
    if not np.allclose(correlation, correlation.T) or np.linalg.eigvalsh(correlation)[0] <= 0:
        raise InputError(f"prior: {name} must be symmetric positive definite; given {value!r}.")
    return (array + array.T) / 2


def as_numbers(value: object, name: str) -> np.ndarray:
    """A float64 array of finite numbers."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"prior: {name} must be a number or a list of numbers; given {value!r}.") from error
    if not np.isfinite(array).all():
        raise InputError(f"prior: {name} must be finite; given {value!r}.")
    return array

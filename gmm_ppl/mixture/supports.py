"""Where the parts of a mixture's parameters may lie: the support of each, its free numbers, and the map from the real line.

Coordinates are NumPyro's own where it has the support, so that points move freely between its samplers and ours.
"""

from abc import ABC, abstractmethod
from functools import cache
from typing import ClassVar

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.namespace import namespace
from gmm_ppl.types import Array, Float

__all__ = ["POSITIVE", "REAL", "SIMPLEX", "UNIT_PRODUCT", "VOLUME", "Support"]


class Support(ABC):
    """A set of values, with coordinates on the real line.

    `axes` is how many axes of an array one value has. Densities on the set are with respect to a measure that the member names;
    `log_jacobian` (nats) turns them into densities of coordinates. Arrays may have any leading axes.
    """

    axes: ClassVar[int]

    @abstractmethod
    def count(self, size: int) -> int:
        """Coordinates, which are free numbers, of a value whose last axis has this size (1 for a number)."""

    @abstractmethod
    def to_real(self, value: Array) -> Array:
        """Coordinates (…, count) of values; (…,) where a value is one number."""

    @abstractmethod
    def from_real(self, real: Array) -> Array:
        """Values at coordinates."""

    @abstractmethod
    def log_jacobian(self, real: Array) -> Array:
        """Log of the measure that a unit of volume of coordinates has there, (…,)."""

    @abstractmethod
    def check(self, values: np.ndarray, name: str) -> None:
        """Refuse finite values that are not in the set; InputError names `name` and what is wrong."""

    def packed(self, value: Array) -> Array:
        """The entries of a value that are listed where each should come once, (…, entries): of matrices the lower triangle, row
        by row; (…,) where a value is one number.
        """
        return value[(..., *np.tril_indices(value.shape[-1]))] if self.axes == 2 else value


class Real(Support):
    """Any number; Lebesgue measure."""

    axes = 0

    def count(self, size: int) -> int:
        return 1

    def to_real(self, value: Array) -> Array:
        return value

    def from_real(self, real: Array) -> Array:
        return real

    def log_jacobian(self, real: Array) -> Array:
        return namespace(real).zeros_like(real)

    def check(self, values: np.ndarray, name: str) -> None:
        """Every number is real."""


class Positive(Support):
    """Positive numbers; Lebesgue measure, or that of their logarithms (`logarithmic`)."""

    axes = 0

    def __init__(self, *, logarithmic: bool) -> None:
        self.logarithmic = logarithmic

    def count(self, size: int) -> int:
        return 1

    def to_real(self, value: Array) -> Array:
        return namespace(value).log(value)

    def from_real(self, real: Array) -> Array:
        return namespace(real).exp(real)

    def log_jacobian(self, real: Array) -> Array:
        return 0 * real if self.logarithmic else real

    def check(self, values: np.ndarray, name: str) -> None:
        if (values <= 0).any():
            raise InputError(f"{name} must be positive; the smallest given is {values.min():.6g}.")


class Simplex(Support):
    """Weights, by breaking a stick: π_k = z_k Π_{j<k} (1 − z_j), z_j = 1 / (1 + exp(log(K − j) − u_j)), counted from j = 1.

    Carried in logarithms, so that no weight is rounded to 0 before it is that small. Lebesgue measure on all but the last.
    """

    axes = 1

    def count(self, size: int) -> int:
        return size - 1

    def to_real(self, value: Float[Array, "... K"]) -> Float[Array, "... F"]:
        xp, size = namespace(value), value.shape[-1]
        left = xp.cumsum(value[..., ::-1], axis=-1)[..., ::-1][..., 1:]
        return xp.log(value[..., :-1]) - xp.log(left) + np.log(size - 1 - np.arange(size - 1.0))

    def from_real(self, real: Float[Array, "... F"]) -> Float[Array, "... K"]:
        return namespace(real).exp(self.log_weights(real))

    def log_jacobian(self, real: Float[Array, "... F"]) -> Array:
        """Σ_j log π_j (1 − z_j)."""
        xp = namespace(real)
        return xp.sum(self.log_weights(real)[..., :-1] + log_sigmoid(-balanced(real)), axis=-1)

    def log_weights(self, real: Float[Array, "... F"]) -> Float[Array, "... K"]:
        """log π."""
        xp, size = namespace(real), real.shape[-1]
        logits = balanced(real)
        left = log_sigmoid(-logits)
        # What is left before each part, by choice and sum: a running sum is a loop to XLA.
        before = np.arange(size) < np.arange(size + 1)[:, None]
        broken = xp.concatenate([log_sigmoid(logits), xp.zeros((*real.shape[:-1], 1), real.dtype)], axis=-1)
        return broken + xp.sum(xp.where(before, left[..., None, :], 0), axis=-1)

    def check(self, values: np.ndarray, name: str) -> None:
        if (values < 0).any() or abs(values.sum() - 1) > 1e-8:
            raise InputError(f"{name} must be non-negative and sum to one; given {values.tolist()}, sum {values.sum():.10g}.")


class UnitProduct(Support):
    """Positive vectors with product one; the measure of their logarithms, by D − 1 coordinates along an orthonormal basis."""

    axes = 1

    def count(self, size: int) -> int:
        return size - 1

    def to_real(self, value: Float[Array, "... D"]) -> Float[Array, "... F"]:
        return namespace(value).log(value) @ zero_sum_basis(value.shape[-1])

    def from_real(self, real: Float[Array, "... F"]) -> Float[Array, "... D"]:
        return namespace(real).exp(real @ zero_sum_basis(real.shape[-1] + 1).T)

    def log_jacobian(self, real: Float[Array, "... F"]) -> Array:
        return 0 * namespace(real).sum(real, axis=-1)

    def check(self, values: np.ndarray, name: str) -> None:
        if (values <= 0).any() or (np.abs(np.log(values).sum(axis=-1)) > 1e-8).any():
            raise InputError(f"{name} must be positive, their product one; given {values.tolist()}.")


REAL, SIMPLEX, UNIT_PRODUCT = Real(), Simplex(), UnitProduct()
POSITIVE, VOLUME = Positive(logarithmic=False), Positive(logarithmic=True)


def log_sigmoid(logits: Array) -> Array:
    """−log(1 + e^{−x})."""
    xp = namespace(logits)
    return -xp.logaddexp(-logits, 0 * logits)


def balanced(real: Float[Array, "... F"]) -> Float[Array, "... F"]:
    """Logits of the parts broken off, shifted so that all zeros are equal weights."""
    return real - np.log(real.shape[-1] - np.arange(real.shape[-1]))


@cache
def zero_sum_basis(size: int) -> Float[np.ndarray, "D F"]:
    """D − 1 orthonormal columns that sum to zero (Helmert's)."""
    columns = [np.repeat([1.0, -each, 0.0], [each, 1, size - each - 1]) / (each * (each + 1)) ** 0.5 for each in range(1, size)]
    return np.stack(columns, axis=1) if columns else np.zeros((size, 0))

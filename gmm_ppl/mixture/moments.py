"""Which second moments of the rows a covariance family needs: outer products, or squares of single features.

Each is one value with everything that follows from it: features φ(x), their sums as statistics, and θ_k with φ(x)·θ_k the log
density of a component.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from gmm_ppl.mixture.triangular import diagonal, mirrored, solved, symmetric_places, upper_triangle
from gmm_ppl.namespace import namespace
from gmm_ppl.types import Array, Float

__all__ = ["OUTER", "SQUARES", "Moment"]


class Moment(ABC):
    """A kind of second moment; arrays of moments end in `axes` axes of features."""

    axes: ClassVar[int]

    @abstractmethod
    def shape(self, dimension: int) -> tuple[int, ...]:
        """Of one second moment in D features."""

    @abstractmethod
    def count_features(self, dimension: int) -> int:
        """P, the length of φ."""

    @abstractmethod
    def square(self, vectors: Float[Array, "... D"]) -> Array:
        """v vᵀ, or v² by feature."""

    @abstractmethod
    def features(self, z: Float[Array, "... D B"]) -> Float[Array, "... P B"]:
        """φ of each column of z: (1, z) and the products that the moment is made of, each once.

        Features × rows, because then the softmax over components runs along contiguous rows.
        """

    @abstractmethod
    def coefficients(self, constant: Array, linear: Float[Array, "... K D"], precision: Array) -> Float[Array, "... K P"]:
        """θ_k with φ(z)·θ_k = constant_k + linear_k·z − ½ zᵀ Σ_k⁻¹ z; `precision` is Σ_k⁻¹, or its diagonal."""

    @abstractmethod
    def linear(self, precision: Array, vectors: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        """Σ_k⁻¹ v."""

    @abstractmethod
    def solved(self, precision: Array, vectors: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        """Σ_k v."""

    @abstractmethod
    def unpacked(self, sums: Float[Array, "... P"]) -> tuple[Array, Array, Array]:
        """Σ w φ as count, first and second moments."""

    @abstractmethod
    def from_matrix(self, matrix: Float[Array, "... D D"]) -> Array:
        """The moment that stands for a matrix of second moments: itself, or its diagonal."""

    @abstractmethod
    def from_diagonal(self, variances: Float[Array, "... D"]) -> Array:
        """The moment of a diagonal matrix."""

    @abstractmethod
    def symmetric(self, moments: Array) -> Array:
        """Moments as they are but for rounding: matrices exactly symmetric."""

    @abstractmethod
    def measure(self, dimension: int) -> int:
        """By how much more than its degrees of freedom a conjugate law of one covariance counts, as a density of matrices (D + 1)
        or of variances (2).
        """

    @abstractmethod
    def least_degrees(self, dimension: int) -> int:
        """Degrees of freedom above which a conjugate law is proper."""

    @abstractmethod
    def law(self, name: str, degrees: str, half: str, scale: str) -> str:
        """A conjugate law in LaTeX, its numbers written out."""

    def expand(self, per_component: Array) -> Array:
        """A (…, K) array with trailing axes of length one, to multiply moments."""
        return per_component.reshape(per_component.shape + (1,) * self.axes)


class OuterProducts(Moment):
    """x xᵀ, for families whose covariances have correlations; φ is the upper triangle of (1, z)(1, z)ᵀ."""

    axes = 2

    def shape(self, dimension: int) -> tuple[int, ...]:
        return (dimension, dimension)

    def count_features(self, dimension: int) -> int:
        return (dimension + 1) * (dimension + 2) // 2

    def square(self, vectors: Float[Array, "... D"]) -> Array:
        return vectors[..., :, None] * vectors[..., None, :]

    def features(self, z: Float[Array, "... D B"]) -> Float[Array, "... P B"]:
        # Gathered from two copies of (1, z): half the time of joining products z_d · z_d:, which XLA writes one after another.
        rows, columns = upper_triangle(z.shape[-2] + 1)
        extended = with_ones(z)
        return extended[..., rows, :] * extended[..., columns, :]

    def linear(self, precision: Array, vectors: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return namespace(precision, vectors).matmul(precision, vectors[..., None])[..., 0]

    def solved(self, precision: Array, vectors: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return solved(precision, vectors[..., None])[..., 0]

    def coefficients(self, constant: Array, linear: Float[Array, "... K D"], precision: Array) -> Float[Array, "... K P"]:
        rows, columns = upper_triangle(linear.shape[-1])
        entries = -precision[..., rows, columns]
        # Those off the diagonal come twice.
        return joined(constant, linear, namespace(entries).where(rows == columns, entries / 2, entries), rows.size)

    def unpacked(self, sums: Float[Array, "... P"]) -> tuple[Array, Array, Array]:
        dimension = int((8 * sums.shape[-1] + 1) ** 0.5 - 3) // 2
        rest = sums[..., dimension + 1 :]
        return sums[..., 0], sums[..., 1 : dimension + 1], rest[..., symmetric_places(dimension)[2]]

    def from_matrix(self, matrix: Float[Array, "... D D"]) -> Array:
        return matrix

    def from_diagonal(self, variances: Float[Array, "... D"]) -> Array:
        return variances[..., None] * np.eye(variances.shape[-1])

    def symmetric(self, moments: Array) -> Array:
        return mirrored(moments)

    def measure(self, dimension: int) -> int:
        return dimension + 1

    def least_degrees(self, dimension: int) -> int:
        return dimension - 1

    def law(self, name: str, degrees: str, half: str, scale: str) -> str:
        return rf"{name} \sim \operatorname{{InverseWishart}}(\nu = {degrees},\; \Psi = {scale})"


class Squares(Moment):
    """x² by feature, for families whose covariances are diagonal; φ is (1, z, z²)."""

    axes = 1

    def shape(self, dimension: int) -> tuple[int, ...]:
        return (dimension,)

    def count_features(self, dimension: int) -> int:
        return 2 * dimension + 1

    def square(self, vectors: Float[Array, "... D"]) -> Array:
        return vectors**2

    def features(self, z: Float[Array, "... D B"]) -> Float[Array, "... P B"]:
        return namespace(z).concatenate([with_ones(z), z * z], axis=-2)

    def linear(self, precision: Array, vectors: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return precision * vectors

    def solved(self, precision: Array, vectors: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        return vectors / precision

    def coefficients(self, constant: Array, linear: Float[Array, "... K D"], precision: Array) -> Float[Array, "... K P"]:
        return joined(constant, linear, -precision / 2, linear.shape[-1])

    def unpacked(self, sums: Float[Array, "... P"]) -> tuple[Array, Array, Array]:
        dimension = sums.shape[-1] // 2
        return sums[..., 0], sums[..., 1 : dimension + 1], sums[..., dimension + 1 :]

    def from_matrix(self, matrix: Float[Array, "... D D"]) -> Array:
        return diagonal(matrix)

    def from_diagonal(self, variances: Float[Array, "... D"]) -> Array:
        return variances

    def symmetric(self, moments: Array) -> Array:
        return moments

    def measure(self, dimension: int) -> int:
        return 2

    def least_degrees(self, dimension: int) -> int:
        return 0

    def law(self, name: str, degrees: str, half: str, scale: str) -> str:
        return rf"\sigma^2 \sim \operatorname{{InverseGamma}}\left({half},\; \tfrac12 \cdot {scale}\right)"


OUTER, SQUARES = OuterProducts(), Squares()


def joined(constant: Array, linear: Float[Array, "... K D"], quadratic: Array, count: int) -> Float[Array, "... K P"]:
    """θ_k in a row; `quadratic`, of which there are to be `count`, is repeated for components and features that share it."""
    xp, wanted = namespace(linear, quadratic), (*linear.shape[:-1], count)
    if quadratic.shape != wanted:
        quadratic = xp.broadcast_to(quadratic, wanted)
    return xp.concatenate([constant[..., None], linear, quadratic], axis=-1)


def with_ones(z: Float[Array, "... D B"]) -> Float[Array, "... D1 B"]:
    """(1, z)."""
    xp = namespace(z)
    return xp.concatenate([xp.ones((*z.shape[:-2], 1, z.shape[-1]), z.dtype), z], axis=-2)

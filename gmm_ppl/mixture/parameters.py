"""The parameters of a Gaussian mixture as one pytree, and their shape as one static value."""

from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import AbstractCovariance, count_values, find_family
from gmm_ppl.types import Array, Float


@dataclass(frozen=True)
class MixtureShape:
    """How many components and features a mixture has, and which covariance family."""

    components: int
    features: int
    family: type[AbstractCovariance]

    @property
    def n_parameters(self) -> int:
        """Free parameters: K − 1 weights, K·D means and the family's covariance values."""
        values = count_values(self.family, self.components, self.features)
        return self.components - 1 + self.components * self.features + values


class MixtureParameters(eqx.Module):
    """Weights (K,), means (K, D; units of x) and covariances of P(x) = Σ_k π_k N(x | μ_k, Σ_k).

    Extra leading axes come through `jax.vmap` only. Nothing is checked here, because JAX rebuilds pytrees around
    placeholders; `mixture_parameters` is the checked way in.
    """

    weights: Float[Array, "..."]
    means: Float[Array, "..."]
    covariance: AbstractCovariance

    @property
    def shape(self) -> MixtureShape:
        """K, D and the family, read off the last axes."""
        return MixtureShape(self.means.shape[-2], self.means.shape[-1], type(self.covariance))

    @property
    def sites(self) -> dict[str, Array]:
        """The arrays under the names that priors sample them by: weights, means and the family's own name."""
        return {"weights": self.weights, "means": self.means, self.covariance.site: self.covariance.values}

    @property
    def covariances(self) -> Float[Array, "K D D"]:
        """Σ_k as dense matrices whatever the family, in squared units of x."""
        return self.covariance.dense(self.shape.components, self.shape.features)


def mixture_parameters(weights: object, means: object, covariances: object, *, covariance: str = "full") -> MixtureParameters:
    """A mixture from known numbers, checked.

    Args:
        weights: (K,) non-negative, summing to one within 1e-8.
        means: (K, D), units of x.
        covariances: in the family's own shape: full (K, D, D), tied (D, D), diagonal (K, D), spherical (K,);
            squared units of x.
        covariance: the family's name.

    Raises:
        InputError: a wrong shape, a weight that is negative or a sum that is not one, a value that is not finite,
            or a covariance that is not symmetric positive definite; the message names the component.
    """
    family = find_family(covariance)
    weight, mean, values = (np.array(array, dtype=np.float64) for array in (weights, means, covariances))
    if mean.ndim != 2 or weight.shape != mean.shape[:1]:
        raise InputError(f"weights must have shape (K,) and means (K, D); given {weight.shape} and {mean.shape}.")
    expected = family.value_shape(*mean.shape)
    if values.shape != expected:
        raise InputError(f"covariances of the {covariance} family must have shape {expected}; given {values.shape}.")
    check_values(weight, mean, values, matrix=family.matrix)
    return MixtureParameters(weight, mean, family(values))


def check_values(weights: np.ndarray, means: np.ndarray, values: np.ndarray, *, matrix: bool) -> None:
    """Refuse numbers that no mixture can have; InputError names what is wrong."""
    for name, array in (("weights", weights), ("means", means), ("covariances", values)):
        if not np.isfinite(array).all():
            raise InputError(f"{name} must be finite; given {array.tolist()}.")
    if (weights < 0).any() or abs(weights.sum() - 1) > 1e-8:
        raise InputError(f"weights must be non-negative and sum to one; given {weights.tolist()}, sum {weights.sum():.10g}.")
    if not matrix:
        if (values <= 0).any():
            raise InputError(f"variances must be positive; the smallest given is {values.min():.6g}.")
        return
    for index, each in enumerate(values.reshape(-1, *values.shape[-2:])):
        check_matrix(each, f"covariance matrix {index}")


def check_matrix(matrix: np.ndarray, name: str) -> None:
    """Refuse a matrix that is not symmetric positive definite, whatever the units of its rows."""
    scale = np.sqrt(np.abs(np.diagonal(matrix)))
    tolerance = 1e-8 * scale[:, None] * scale
    if (np.abs(matrix - matrix.T) > tolerance).any():
        raise InputError(f"{name} must be symmetric; given {matrix.tolist()}.")
    correlation = matrix / np.where(scale > 0, scale, 1)[:, None] / np.where(scale > 0, scale, 1)
    if (np.diagonal(matrix) <= 0).any() or np.linalg.eigvalsh(correlation)[0] <= 0:
        raise InputError(f"{name} must be positive definite; given {matrix.tolist()}.")


def permute(parameters: MixtureParameters, order: Array) -> MixtureParameters:
    """The same mixture with its components in another order: component k of the answer is `order[k]` of the input."""
    covariance = parameters.covariance
    pooled = "component" not in covariance.dims
    values = covariance.values if pooled else jnp.take(covariance.values, order, axis=0)
    return MixtureParameters(
        jnp.take(parameters.weights, order, axis=0), jnp.take(parameters.means, order, axis=0), type(covariance)(values)
    )

"""The parameters of a Gaussian mixture as one record, and their shape as one static value."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import AbstractCovariance, Part, find_family
from gmm_ppl.mixture.covariance.base import reordered
from gmm_ppl.mixture.supports import REAL, SIMPLEX
from gmm_ppl.records import Record
from gmm_ppl.types import Array, Float

WEIGHTS = Part("weights", ("component",), SIMPLEX)
MEANS = Part("means", ("component", "feature"), REAL)


@dataclass(frozen=True)
class MixtureShape:
    """How many components and features a mixture has, and which covariance family."""

    components: int
    features: int
    family: type[AbstractCovariance]

    @property
    def parts(self) -> tuple[Part, ...]:
        """Weights, means, and what the covariances are made of."""
        return (WEIGHTS, MEANS, *self.family.parts)

    @property
    def part_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every part."""
        return {part.name: part.shape(self.components, self.features) for part in self.parts}

    @property
    def real_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of the coordinates of every part."""
        weights = {"weights": (self.components - 1,)}
        return weights | {part.name: part.real_shape(self.components, self.features) for part in self.parts[1:]}

    @property
    def n_parameters(self) -> int:
        """Free parameters: K − 1 weights, K·D means and the family's covariance values."""
        values = self.family.count_parameters(self.components, self.features)
        return self.components - 1 + self.components * self.features + values


class MixtureParameters(Record):
    """Weights (K,), means (K, D; units of x) and covariances of P(x) = Σ_k π_k N(x | μ_k, Σ_k); leading axes are of several.

    Nothing is checked here, because JAX rebuilds pytrees around placeholders; `mixture_parameters` is the checked way in.
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
        """The arrays under the names that priors sample them by: weights, means and the family's own parts."""
        return {"weights": self.weights, "means": self.means, **self.covariance.sites}

    @property
    def covariances(self) -> Float[Array, "... K D D"]:
        """Σ_k as dense matrices whatever the family, in squared units of x."""
        return self.covariance.dense(self.shape.components, self.shape.features)


def from_sites(sites: Mapping[str, Array], family: type[AbstractCovariance]) -> MixtureParameters:
    """The mixture with these weights, means and parts of covariances."""
    return MixtureParameters(sites["weights"], sites["means"], family.from_sites(sites))


def mixture_parameters(weights: object, means: object, covariances: object, *, covariance: str = "full") -> MixtureParameters:
    """A mixture from known numbers, checked.

    Args:
        weights: (K,) non-negative, summing to one within 1e-8.
        means: (K, D), units of x.
        covariances: in the family's own shape: full (K, D, D), tied (D, D), diagonal (K, D), spherical (K,);
            squared units of x. Of a family with several parts a mapping of all of them by name.
        covariance: the family's name.

    Raises:
        InputError: a wrong shape, a weight that is negative or a sum that is not one, a value that is not finite,
            or a covariance that is not symmetric positive definite; the message names the component.
    """
    family = find_family(covariance)
    weight, mean = (np.array(array, dtype=np.float64) for array in (weights, means))
    if mean.ndim != 2 or weight.shape != mean.shape[:1]:
        raise InputError(f"weights must have shape (K,) and means (K, D); given {weight.shape} and {mean.shape}.")
    parts = given_parts(covariances, family)
    for name, expected in family.part_shapes(*mean.shape).items():
        if parts[name].shape != expected:
            raise InputError(f"{name} of the {covariance} family must have shape {expected}; given {parts[name].shape}.")
    for part, values in zip((WEIGHTS, MEANS, *family.parts), (weight, mean, *parts.values()), strict=True):
        check_finite(part.name, values)
        part.support.check(values, part.name)
    return MixtureParameters(weight, mean, family.from_sites(parts))


def given_parts(covariances: object, family: type[AbstractCovariance]) -> dict[str, np.ndarray]:
    """A family's parts as given: a mapping, or the only part itself."""
    names = [part.name for part in family.parts]
    parts = covariances if isinstance(covariances, Mapping) else {names[0]: covariances}
    if set(parts) != set(names):
        raise InputError(
            f"covariances of the {family.name} family are a mapping of {', '.join(names)}; given {', '.join(parts)}."
        )
    return {name: np.array(parts[name], dtype=np.float64) for name in names}


def check_finite(name: str, values: np.ndarray) -> None:
    """Refuse values that are not finite."""
    if not np.isfinite(values).all():
        raise InputError(f"{name} must be finite; given {values.tolist()}.")


def permute(parameters: MixtureParameters, order: Array) -> MixtureParameters:
    """The same mixture with its components in another order: component k of the answer is `order[k]` of the input.

    Of several mixtures all in one order (K,), or each in its own (…, K).
    """
    return MixtureParameters(
        reordered(parameters.weights, order, -1), reordered(parameters.means, order, -2), parameters.covariance.select(order)
    )

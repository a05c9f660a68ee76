"""The contract of a covariance family: what the density, the M-step, the priors and the samplers ask of it."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from gmm_ppl.mixture.moments import Moment
from gmm_ppl.mixture.supports import Support
from gmm_ppl.namespace import namespace
from gmm_ppl.records import Record
from gmm_ppl.types import Array, Float, PRNGKeyArray


@dataclass(frozen=True)
class Part:
    """One array that a family's covariances are made of, and a field of the family's class by the same name.

    `dims` are its dimensions as files have them, of component, feature and feature_bis; `support` is where a value may lie, the
    value taking as many of the last dimensions as the support has axes.
    """

    name: str
    dims: tuple[str, ...]
    support: Support

    def shape(self, components: int, features: int) -> tuple[int, ...]:
        """Of the array."""
        return tuple(components if dim == "component" else features for dim in self.dims)

    def real_shape(self, components: int, features: int) -> tuple[int, ...]:
        """Of its coordinates."""
        shape = self.shape(components, features)
        axes = self.support.axes
        return (*shape[: len(shape) - axes], self.support.count(features)) if axes else shape

    def count(self, components: int, features: int) -> int:
        """Free numbers."""
        return prod(self.real_shape(components, features))

    @property
    def component_axis(self) -> int | None:
        """Which axis, counted from the end, has the components; None where they share the part."""
        return self.dims.index("component") - len(self.dims) if "component" in self.dims else None


class AbstractCovariance(Record):
    """The covariances of all K components of a mixture, in the fewest numbers that its family needs.

    A family is a record of the arrays that its `parts` name, with a handful of methods; nobody else knows what those arrays mean.
    Arrays may have leading axes: of several mixtures, or of what `jax.vmap` maps over. `moment` says which second moments of rows
    the family needs: all that it is told of data is counts n_k and scatter W_k = Σ_i r_ik (x_i − m)(x_i − m)ᵀ, or its diagonal,
    to which a prior has added its own.

    `from_real`, `gradient` and what those ask of a family are of complex numbers too, whose imaginary parts are derivatives.

    To add a family, write one file with these members and add one line to `gmm_ppl/mixture/covariance/__init__.py`. Most begin
    from `dense.AbstractDense` or `axes.AbstractAxes`, which need only to be told the roots or the variances. A family of several
    parts has `drawn(key, count, scatter, components)` as well: all parts at once, in JAX, from the conjugate law of all of them
    (`full_tied_volume` says which), for programs of priors to sample.
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    parts: ClassVar[tuple[Part, ...]]
    moment: ClassVar[Moment]

    @staticmethod
    @abstractmethod
    def sharing(components: int, features: int) -> int:
        """How many components, times features for variances, share one law of a prior: it is then stated once for all of them.

        A prior adds 1/`sharing` of its count and scatter to each component's.
        """

    @staticmethod
    @abstractmethod
    def scale_of(scatter: Array) -> Array:
        """What a prior's scale is for a family: of a matrix (D, D), or its diagonal, what of it the family can tell apart."""

    @staticmethod
    def pooled(count: Float[Array, "... K"], scatter: Array) -> tuple[Array, Array]:
        """Of a family with one part: counts and scatter summed over all that share a matrix or variance, in the part's shape."""
        raise NotImplementedError("Several parts share counts and scatter in ways of their own.")

    @classmethod
    @abstractmethod
    def fitted(cls, count: Float[Array, "... K"], scatter: Array) -> "AbstractCovariance":
        """The M-step: argmax of −½ Σ_k (n_k log |Σ_k| + tr(W_k Σ_k⁻¹)) over the family."""

    @abstractmethod
    def gradient(self, count: Float[Array, "... K"], scatter: Array) -> dict[str, Array]:
        """Of that same sum, in nats a unit of the coordinates of each part."""

    @classmethod
    @abstractmethod
    def from_real(cls, real: Mapping[str, Array]) -> "AbstractCovariance":
        """The covariances at coordinates of every part, holding whatever of them is asked for again and again."""

    @abstractmethod
    def rooted(self) -> "AbstractCovariance":
        """The same covariances, holding whatever of them is asked for again and again."""

    @abstractmethod
    def precision(self) -> Array:
        """Σ_k⁻¹ as the `moment` has it: (…, K, D, D) or the diagonal (…, K, D); of length one where components share it."""

    @abstractmethod
    def whiten(self, residuals: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        """A⁻¹ r for some A with A Aᵀ = Σ_k, so that its squared norm is the Mahalanobis distance."""

    @abstractmethod
    def distances(self, residuals: Float[Array, "... K D B"]) -> Float[Array, "... K B"]:
        """Squared Mahalanobis distances of residuals, components × features × rows."""

    @abstractmethod
    def colour(self, noise: Float[Array, "... K D"]) -> Float[Array, "... K D"]:
        """A z with A Aᵀ = Σ_k: standard normal noise becomes a residual of component k."""

    @abstractmethod
    def log_determinant(self, features: int) -> Array:
        """Log |Σ_k| in a shape that broadcasts to (…, K)."""

    @abstractmethod
    def trace_precision(self, second: Array) -> Float[Array, "... K"]:
        """tr(Σ_k⁻¹ S_k) for second moments S as the `moment` has them."""

    def thinnest(self, deviations: Float[Array, "... D"]) -> Array:
        """1 / tr(Σ_k⁻¹ diag(s²)) of the thinnest component for `deviations` s of the data's features.

        The smallest variance of a component in any direction, in units of the data's, is this or at most D times as much; a
        feature's unit does not enter. EM calls a component collapsed by it, so that a family whose covariances become singular
        in another way than by getting thin has its own.
        """
        return 1 / self.trace_precision(self.moment.from_diagonal(deviations**2)).max(axis=-1)

    def condition(self) -> Array:
        """tr(Σ_k⁻¹ diag Σ_k), in a shape that broadcasts to (…, K): by how much more than ε the smallest variance of a stored
        covariance is rounded. 0 where there are variances alone, each of which has all its digits.
        """
        return np.zeros(())

    @abstractmethod
    def dense(self, components: int, features: int) -> Float[Array, "... K D D"]:
        """The covariance matrices Σ_k themselves, in squared units of x; NumPy values give NumPy ones, in their own precision."""

    @abstractmethod
    def marginal(self, kept: Array) -> "AbstractCovariance":
        """The covariances of the features `kept` alone; of another family where this one cannot hold them."""

    @abstractmethod
    def conditional(self, kept: Array, given: Array) -> tuple["AbstractCovariance", Array]:
        """Covariances of `kept` given `given`, and the gain Σ_kg Σ_gg⁻¹ (broadcasts to (K, kept, given)) of its mean."""

    @classmethod
    def drawn(cls, key: PRNGKeyArray, count: Array, scatter: Array, components: int) -> "AbstractCovariance":
        """Of a family of several parts: a draw from the density whose logarithm is −½ Σ_k (n_k log |Σ_k| + tr(W Σ_k⁻¹)), with
        respect to the measures of the parts' supports.
        """
        raise NotImplementedError(f"{cls.name}: the laws of its only part draw from it.")

    @property
    def sites(self) -> dict[str, Array]:
        """The parts by name, which are the sites that priors sample them by."""
        return {part.name: getattr(self, part.name) for part in self.parts}

    @property
    def real(self) -> dict[str, Array]:
        """Coordinates of every part."""
        return {part.name: part.support.to_real(getattr(self, part.name)) for part in self.parts}

    @classmethod
    def from_sites(cls, sites: Mapping[str, Array]) -> "AbstractCovariance":
        """The covariances with these parts; other entries are passed over."""
        return cls(**{part.name: sites[part.name] for part in cls.parts})

    @classmethod
    def part_shapes(cls, components: int, features: int) -> dict[str, tuple[int, ...]]:
        """Shape of every part."""
        return {part.name: part.shape(components, features) for part in cls.parts}

    @classmethod
    def count_parameters(cls, components: int, features: int) -> int:
        """Free numbers in the covariances."""
        return sum(part.count(components, features) for part in cls.parts)

    def select(self, order: Array) -> "AbstractCovariance":
        """Covariances of the components in `order` (`reordered`)."""
        return type(self).from_sites({part.name: taken(getattr(self, part.name), order, part) for part in self.parts})


def taken(values: Array, order: Array, part: Part) -> Array:
    """Values of the components in `order`."""
    return values if part.component_axis is None else reordered(values, order, part.component_axis)


def reordered(values: Array, order: Array, axis: int) -> Array:
    """Entries along an axis, counted from the end, in one order (K,), or each of several mixtures in its own (…, K)."""
    xp = namespace(values, order)
    if order.ndim == 1:
        return xp.take(values, order, axis=axis)
    return xp.take_along_axis(values, order.reshape(order.shape + (1,) * (-1 - axis)), axis=axis)

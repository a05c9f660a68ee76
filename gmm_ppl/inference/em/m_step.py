"""M-steps: closed form where the prior has a kernel, an inner climb over the statistics alone where it is a program."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from math import prod
from typing import Any

from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.namespace import namespace
from gmm_ppl.priors.base import AbstractDirectPrior, AbstractPrior, Sites
from gmm_ppl.priors.kernel import AbstractKernel
from gmm_ppl.records import Record, static
from gmm_ppl.types import Array, Float

Position = Any
"""What EM moves: parameters, or the sites of a prior whose sites are others."""


class AbstractMStep(Record):
    """Positions that raise expected log-likelihood + log prior, Q + log p; several along leading axes."""

    @property
    def exact(self) -> bool:
        """Whether the first step arrives at a mode of the objective."""
        return False

    @abstractmethod
    def first(self, parameters: MixtureParameters, statistics: Callable[[], Statistics]) -> Position:
        """A position at, or near, starting parameters, given what computes the statistics of the data there."""

    @abstractmethod
    def maximise(self, statistics: Statistics, position: Position) -> Position:
        """A position no worse than `position`; the best there is, up to the accuracy of the method."""

    @abstractmethod
    def log_prior(self, position: Position) -> tuple[Float[Array, "..."], MixtureParameters]:
        """Log prior density (nats) of the position, and its parameters."""

    @abstractmethod
    def sites(self, position: Position) -> Sites:
        """The values of the prior's sites."""

    @abstractmethod
    def flat(self, position: Position) -> Float[Array, "... P"]:
        """Coordinates in which every point is a position, so that a straight line never leaves the parameters' domain."""

    @abstractmethod
    def from_flat(self, flat: Float[Array, "... P"]) -> Position:
        """The position at coordinates."""

    @abstractmethod
    def propose(self, statistics: Statistics, position: Position) -> tuple[Position, Float[Array, "... P"]]:
        """`maximise`, and ∂ (Q + log p) / ∂ coordinates at `position`, which at its own statistics is the objective's slope."""


class ClosedForm(AbstractMStep):
    """The M-step of a prior that has a kernel, in whatever namespace the statistics are of.

    Coordinates are log weights less their mean, means, and those of the covariances' parts. All K weights have one, so that
    components are treated alike; a weight of 0 has that of 10⁻³⁰⁰, which no sum over components can tell from it.
    """

    kernel: AbstractKernel
    shape: MixtureShape = static()

    @property
    def exact(self) -> bool:
        # Of a single component the M-step is the answer.
        return self.kernel.exact and self.shape.components == 1

    def first(self, parameters: MixtureParameters, statistics: Callable[[], Statistics]) -> Position:
        return replace(parameters, covariance=parameters.covariance.rooted())

    def maximise(self, statistics: Statistics, position: Position) -> Position:
        return self.kernel.given(statistics).raised(position)

    def log_prior(self, position: Position) -> tuple[Float[Array, "..."], MixtureParameters]:
        return self.kernel.log_density(position), position

    def sites(self, position: Position) -> Sites:
        return position.sites

    def flat(self, position: Position) -> Float[Array, "... P"]:
        xp = namespace(position.weights)
        weights = xp.log(xp.maximum(position.weights, 1e-300))
        real = position.covariance.real
        return laid_out([weights - weights.mean(axis=-1, keepdims=True), position.means, *real.values()], self.shapes)

    def from_flat(self, flat: Float[Array, "... P"]) -> Position:
        xp, parts = namespace(flat), taken_apart(flat, self.shapes)
        weights = xp.exp(parts["weights"] - (parts["weights"]).max(axis=-1, keepdims=True))
        return MixtureParameters(
            weights / weights.sum(axis=-1, keepdims=True), parts["means"], self.shape.family.from_real(parts)
        )

    def propose(self, statistics: Statistics, position: Position) -> tuple[Position, Float[Array, "... P"]]:
        posterior = self.kernel.given(statistics)
        return posterior.raised(position), laid_out(list(posterior.slope(position).values()), self.shapes)

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the coordinates of each part."""
        return self.shape.real_shapes | {"weights": (self.shape.components,)}


def laid_out(parts: list[Array], shapes: Mapping[str, tuple[int, ...]]) -> Float[Array, "... P"]:
    """Arrays (…, *shape) in a row, in the order of `shapes`."""
    batch = parts[0].shape[: parts[0].ndim - len(next(iter(shapes.values())))]
    flat = [part.reshape(*batch, prod(shape)) for part, shape in zip(parts, shapes.values(), strict=True)]
    return namespace(*parts).concatenate(flat, axis=-1)


def taken_apart(flat: Float[Array, "... P"], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """The inverse of `laid_out`, by name."""
    parts, begun = {}, 0
    for name, shape in shapes.items():
        size = prod(shape)
        parts[name] = flat[..., begun : begun + size].reshape((*flat.shape[:-1], *shape))
        begun += size
    return parts


def m_step(prior: AbstractPrior, shape: MixtureShape) -> AbstractMStep:
    """The M-step that suits a prior, for one start that JAX may be tracing."""
    if isinstance(prior, AbstractDirectPrior):
        return ClosedForm(prior.kernel(shape), shape)
    from gmm_ppl.inference.em.inner_climb import InnerClimb

    return InnerClimb(prior, shape)


def hosted_m_step(prior: AbstractPrior, shape: MixtureShape) -> AbstractMStep:
    """The M-step that suits a prior, for the host's loop."""
    if isinstance(prior, AbstractDirectPrior):
        return m_step(prior, shape)
    from gmm_ppl.inference.em.inner_climb import Hosted, InnerClimb

    return Hosted(InnerClimb(prior, shape))

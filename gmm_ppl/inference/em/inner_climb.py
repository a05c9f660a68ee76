"""The M-step of a prior that is a program: Newton's steps over the statistics alone, compiled by JAX."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl.compiled import compiled
from gmm_ppl.inference.em.m_step import AbstractMStep, Position, laid_out, taken_apart
from gmm_ppl.inference.mode.curvature import by_columns
from gmm_ppl.inference.mode.newton import find_mode
from gmm_ppl.mixture.density import expected_log_likelihood
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.priors.base import AbstractPrior, Sites
from gmm_ppl.priors.sites import median_sites
from gmm_ppl.records import map_arrays, static
from gmm_ppl.types import Array, Float, in_float64

STUCK = 1e-3
"""Nats that a Newton step should still gain where none gains any: on the way to a covariance that is singular."""


class InnerClimb(AbstractMStep):
    """The M-step of any prior, in JAX, for one start: a climb in unconstrained coordinates of the density of sites (no Jacobian).

    The data enter through their statistics only, so a step costs the same for ten rows and ten million. Positions are sites.
    """

    prior: AbstractPrior
    shape: MixtureShape = static()

    def first(self, parameters: MixtureParameters, statistics: Callable[[], Statistics]) -> Position:
        if set(self.prior.real_shapes(self.shape)) == set(parameters.sites):
            return parameters.sites
        # A program's sites need not be the parameters: from the middle of the prior, climb to where the statistics pull.
        return self.maximise(statistics(), median_sites(self.prior, self.shape, jax.random.key(0)))

    def maximise(self, statistics: Statistics, position: Position) -> Position:
        start = self.flat(position)
        # To the last digit: what a step leaves undone, the loop must not take for the end of what EM has to gain.
        found = find_mode(by_columns(lambda flat: self.objective(statistics, flat)), start, settled=0)
        # NaN where the density has no derivatives, or rises without end: to stay there would look like having converged.
        arrived = found.done & (found.promised < STUCK)
        return self.from_flat(jnp.where(arrived, found.position, jnp.nan))

    def objective(self, statistics: Statistics, flat: Float[Array, " P"]) -> Float[Array, ""]:
        """Q + log p at coordinates."""
        value, parameters = self.log_prior(self.from_flat(flat))
        return value + expected_log_likelihood(statistics, parameters)

    def log_prior(self, position: Position) -> tuple[Float[Array, "..."], MixtureParameters]:
        value, parameters = self.prior.log_density(self.shape, position)
        return value, MixtureParameters(parameters.weights, parameters.means, parameters.covariance.rooted())

    def sites(self, position: Position) -> Sites:
        return position

    def flat(self, position: Position) -> Float[Array, "... P"]:
        shapes, real = self.prior.real_shapes(self.shape), self.prior.unconstrain(self.shape, position)
        return laid_out([real[name] for name in shapes], shapes)

    def from_flat(self, flat: Float[Array, "... P"]) -> Position:
        return self.prior.constrain(self.shape, taken_apart(flat, self.prior.real_shapes(self.shape)))

    def propose(self, statistics: Statistics, position: Position) -> tuple[Position, Float[Array, "... P"]]:
        return self.maximise(statistics, position), jax.grad(self.objective, argnums=1)(statistics, self.flat(position))


class Hosted(AbstractMStep):
    """An M-step of JAX's as the host's loop takes it: compiled, for one start after another along a leading axis."""

    inner: InnerClimb

    def first(self, parameters: MixtureParameters, statistics: Callable[[], Statistics]) -> Position:
        return each(first, self.inner, parameters, statistics())

    def maximise(self, statistics: Statistics, position: Position) -> Position:
        return each(maximise, self.inner, statistics, position)

    def log_prior(self, position: Position) -> tuple[Float[Array, "..."], MixtureParameters]:
        return each(log_prior, self.inner, position)

    def sites(self, position: Position) -> Sites:
        return position

    def flat(self, position: Position) -> Float[Array, "... P"]:
        return each(flat, self.inner, position)

    def from_flat(self, flat: Float[Array, "... P"]) -> Position:
        return each(from_flat, self.inner, flat)

    def propose(self, statistics: Statistics, position: Position) -> tuple[Position, Float[Array, "... P"]]:
        return each(propose, self.inner, statistics, position)


@in_float64
def each(program: Any, inner: InnerClimb, *arguments: Any) -> Any:
    """`program` of every start in turn."""
    lanes = len(jax.tree.leaves(arguments[0])[0])
    answers = [program(inner, *map_arrays(lambda leaf, at=at: leaf[at], arguments)) for at in range(lanes)]
    return map_arrays(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *answers)


@compiled
def first(inner: InnerClimb, parameters: MixtureParameters, statistics: Statistics) -> Position:
    """`InnerClimb.first`."""
    return inner.first(parameters, lambda: statistics)


@compiled
def maximise(inner: InnerClimb, statistics: Statistics, position: Position) -> Position:
    """`InnerClimb.maximise`."""
    return inner.maximise(statistics, position)


@compiled
def log_prior(inner: InnerClimb, position: Position) -> tuple[Array, MixtureParameters]:
    """`InnerClimb.log_prior`."""
    return inner.log_prior(position)


@compiled
def flat(inner: InnerClimb, position: Position) -> Array:
    """`InnerClimb.flat`."""
    return inner.flat(position)


@compiled
def from_flat(inner: InnerClimb, coordinates: Array) -> Position:
    """`InnerClimb.from_flat`."""
    return inner.from_flat(coordinates)


@compiled
def propose(inner: InnerClimb, statistics: Statistics, position: Position) -> tuple[Position, Array]:
    """`InnerClimb.propose`."""
    return inner.propose(statistics, position)

"""Fewer passes over the data: EM's own steps made into quasi-Newton steps, with EM to fall back on."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import equinox as eqx
import jax
import jax.numpy as jnp

from gmm_ppl.errors import InputError
from gmm_ppl.inference.em import EM, EMPoint
from gmm_ppl.inference.loop import AbstractIteration, settled
from gmm_ppl.inference.secant import Memory, no_memory, quasi_newton_step, remember
from gmm_ppl.inference.site_coordinates import AbstractCoordinates, site_coordinates
from gmm_ppl.mixture.density import expected_log_likelihood
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.priors.sites import Sites
from gmm_ppl.types import Array, Bool, Float, Int

SHORTEST = 0.02
"""Of a quasi-Newton step, the smallest part that is tried before the memory is taken to be wrong and EM's own step is made."""


class AcceleratedPoint(eqx.Module):
    """An EM point, EM's proposal from there, and what the way to it has shown of the curvature.

    `own` is EM's step and `direction` the one to try, both from `coordinates`; `fraction` of it is tried next, and EM's step
    itself where that is 0. `left` is what a whole step should gain, in nats; `moved` counts steps
    since the last that was not taken.
    """

    point: EMPoint
    proposal: Sites
    coordinates: Float[Array, " P"]
    own: Float[Array, " P"]
    gradient: Float[Array, " P"]
    memory: Memory
    direction: Float[Array, " P"]
    left: Float[Array, ""]
    fraction: Float[Array, ""]
    moved: Int[Array, ""]


class QuasiNewton(AbstractIteration[AcceleratedPoint]):
    """One step costs one pass, as one of EM's does, since an EM point already knows EM's next step and the gradient.

    A quasi-Newton step that does not raise the objective is not taken: ever shorter ones are tried, and in the end EM's own,
    which cannot fail. The gradient of the log-likelihood is that of the expected one (Fisher's identity).
    """

    method: EM
    coordinates: AbstractCoordinates

    def step(self, point: AcceleratedPoint) -> AcceleratedPoint:
        own = point.fraction == 0
        target = self.coordinates.sites(point.coordinates + point.fraction * point.direction)
        reached = self.method.evaluate(choose(own, point.proposal, target))
        gain = self.method.objective(reached) - self.objective(point)
        finite = jnp.isfinite(gain) & ~self.method.collapsed(reached)
        taken = own | (finite & (gain >= -self.last_digits(point)))
        return choose(taken, self.arrived(reached, point), hesitating(point, gain))

    def objective(self, point: AcceleratedPoint) -> Float[Array, ""]:
        return self.method.objective(point.point)

    def collapsed(self, point: AcceleratedPoint) -> Bool[Array, ""]:
        return self.method.collapsed(point.point)

    def rounding(self, point: AcceleratedPoint) -> Float[Array, ""]:
        return self.method.rounding(point.point)

    def rows(self) -> Float[Array, ""]:
        return self.method.rows()

    def digits(self) -> float:
        return self.method.digits()

    def last_digits(self, point: AcceleratedPoint) -> Float[Array, ""]:
        """Nats below which two values of the objective cannot be told apart."""
        return 4 * self.digits() * jnp.abs(self.objective(point))

    def work(self) -> int:
        return self.method.work()

    def settled(self, point: AcceleratedPoint, gain: Array, last_gain: Array, floor: Array) -> Bool[Array, ""]:
        # Gains of quasi-Newton steps shrink by no steady factor. Half of gᵀ H g is what is left where the objective is a
        # parabola, as far as the memory knows: half as much, after two small gains, was nowhere less than the tolerance
        # promises. Without a memory EM made the steps, and Aitken's rule holds.
        least = jnp.maximum(floor, self.last_digits(point))
        small = (point.moved > 1) & (jnp.maximum(gain, last_gain) <= least) & (point.left <= least / 2)
        aitken = (point.moved > 1) & settled(gain, last_gain, self.last_digits(point), floor)
        # What EM's own next step should gain, about half its slope, sees what gains so far do not: a memory that is wrong
        # where a component empties, and a saddle that is being left. Where a weight is 0 it is not known.
        ahead = point.own @ point.gradient / 2
        return ~(ahead > least / 2) & jnp.where(jnp.any(point.memory.filled), small, aitken)

    def start(self, parameters: MixtureParameters) -> AcceleratedPoint:
        """The first point, at (conjugate priors) or near starting parameters, proposed and not yet evaluated."""
        point = self.method.start(parameters)
        unknown, none = jnp.full_like(self.coordinates.flat(point.sites), jnp.nan), jnp.zeros_like(point.log_prior)
        memory, before = no_memory(unknown), jnp.full((), -1, int)
        return AcceleratedPoint(point, point.sites, unknown, unknown, unknown, memory, unknown, none, none, before)

    def arrived(self, reached: EMPoint, last: AcceleratedPoint) -> AcceleratedPoint:
        """The point after a step, the step remembered."""
        coordinates = self.coordinates.flat(reached.sites)
        proposal = self.method.m_step.maximise(reached.statistics, reached.sites)
        own = self.coordinates.flat(proposal) - coordinates
        # The step from the start is no step near an optimum: it is not remembered, and what one component needs, EM's alone.
        gradient = jnp.where(last.moved < 0, jnp.nan, self.gradient(reached, coordinates))
        memory = remember(last.memory, coordinates - last.coordinates, last.gradient - gradient, last.own - own)
        direction = quasi_newton_step(memory, own, gradient)
        slope = direction @ gradient
        # Where a weight is 0 there are no coordinates; EM's steps remain.
        usable = jnp.isfinite(slope) & (slope > 0)
        fraction = jnp.where(usable & jnp.any(memory.filled), 1.0, 0.0)
        # Where the memory goes, gains were not EM's own, and say nothing of what is left to it.
        moved = jnp.where(usable | ~jnp.any(last.memory.filled), last.moved + 1, 0)
        memory = choose(usable, memory, no_memory(coordinates))
        return AcceleratedPoint(reached, proposal, coordinates, own, gradient, memory, direction, slope / 2, fraction, moved)

    def gradient(self, point: EMPoint, coordinates: Float[Array, " P"]) -> Float[Array, " P"]:
        """Of the objective, in nats a unit of each coordinate."""

        def density(each: Array) -> Array:
            value, parameters = self.coordinates.log_prior(self.method.posterior.prior, each)
            return value + expected_log_likelihood(point.statistics, parameters)

        return jax.grad(density)(coordinates)


def hesitating(point: AcceleratedPoint, gain: Float[Array, ""]) -> AcceleratedPoint:
    """The same point after a step that failed, with a shorter one to try: to the top of the parabola through both values."""
    slope = 2 * point.left * point.fraction
    top = slope / (2 * (slope - gain))
    shorter = point.fraction * jnp.where(jnp.isfinite(gain), jnp.clip(top, 0.1, 0.5), 0.1)
    last = shorter < SHORTEST
    memory = choose(last, no_memory(point.coordinates), point.memory)
    changes = (jnp.where(last, 0.0, shorter), memory, jnp.zeros_like(point.moved))
    return eqx.tree_at(lambda each: (each.fraction, each.memory, each.moved), point, changes)


def choose[Tree](condition: Bool[Array, ""], one: Tree, other: Tree) -> Tree:
    """`one` where the condition holds, else `other`."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), one, other)


def quasi_newton(method: EM) -> QuasiNewton:
    """Quasi-Newton steps begun from EM's, by what the last ten steps show of the curvature."""
    posterior = method.posterior
    return QuasiNewton(method, site_coordinates(posterior.prior, posterior.shape, method.deviations))


ACCELERATIONS: Mapping[str, Callable[[EM], QuasiNewton]] = MappingProxyType({"quasi_newton": quasi_newton})


def accelerated(method: EM, name: object) -> EM | QuasiNewton:
    """EM with the acceleration called `name`, or as it is for None; InputError lists the known ones."""
    if name is None:
        return method
    if not isinstance(name, str) or name not in ACCELERATIONS:
        raise InputError(f"acceleration: none is called {name!r}; choose {', '.join(ACCELERATIONS)}, or None for plain EM.")
    return ACCELERATIONS[name](method)


def em_points(points: EMPoint | AcceleratedPoint) -> EMPoint:
    """What EM itself knows of points."""
    return points.point if isinstance(points, AcceleratedPoint) else points

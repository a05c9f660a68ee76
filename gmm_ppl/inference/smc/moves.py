"""Hamiltonian moves of all particles at one temperature: the coordinates they are made in, and how often they are repeated."""

from typing import NamedTuple

import blackjax
import jax
import jax.numpy as jnp
from blackjax.mcmc.hmc import HMCState
from jax.flatten_util import ravel_pytree
from jax.scipy.linalg import solve_triangular

from gmm_ppl.compiled import mapped
from gmm_ppl.inference.smc.tempering import LANES, Tempering
from gmm_ppl.mixture.parameters import permute
from gmm_ppl.types import Array, Float, Int

LEAPFROG_STEPS = 5
ACCEPTANCE = 0.8
MOVED = 0.8
"""Share of the squared distance of independent particles that moves must have covered: with 0.5, half the moves, a run's
log evidence of fifty problems of 10 × 2 rows was off by 2.8 times as many squared nats."""

MOST_ROUNDS = 8
"""Rounds of moves at one temperature, however little particles have moved."""

TAIL = 3.0
"""Deviations from the median beyond which a coordinate counts as this far in the metric, for priors have heavy tails."""


class Chart(NamedTuple):
    """Coordinates z of positions u = centre + root z in which particles are about uncorrelated, with unit variances.

    `feature` is that by whose means components are numbered.
    """

    centre: Float[Array, " P"]
    root: Float[Array, "P P"]
    feature: Int[Array, ""]

    def position(self, z: Float[Array, "... P"]) -> Float[Array, "... P"]:
        """u."""
        return self.centre + z @ self.root.T


class Moves(NamedTuple):
    """The last round: positions and log-likelihoods after each of S moves, and what there is to say of all of them."""

    position: Float[Array, "M S P"]
    log_likelihood: Float[Array, "M S"]
    step_size: Array
    acceptance: Array
    jump: Array
    rounds: Array


def stir(tempering: Tempering, start: Float[Array, "M P"], temperature: Array, step_size: Array, key: Array) -> Moves:
    """Rounds of moves until particles have moved, `MOST_ROUNDS` at most.

    They have where the mean squared distance from where they began is `MOVED` of that of independent particles, 2 P in
    coordinates of unit variances (repeated as Buchholz, Chopin & Jacob 2021 do, doi:10.1214/20-BA1222).
    """
    feature = numbering(tempering, start)
    start = mapped(lambda each: numbered(tempering, each, feature), start, together=LANES) if tempering.alike else start
    chart = charted(start, feature)
    begun = solve_triangular(chart.root, (start - chart.centre).T, lower=True).T

    def wanting(carry: tuple[Array, Moves]) -> Array:
        moves = carry[1]
        return (moves.jump < MOVED) & (moves.rounds < MOST_ROUNDS)

    def again(carry: tuple[Array, Moves]) -> tuple[Array, Moves]:
        z, last = carry
        each = jax.random.fold_in(key, last.rounds)
        states, likelihood, acceptance = one_round(tempering, chart, z, temperature, last.step_size, each)
        jump = jnp.mean((states[:, -1] - begun) ** 2) / 2
        size = last.step_size * jnp.exp(acceptance - ACCEPTANCE)
        return states[:, -1], Moves(chart.position(states), likelihood, size, acceptance, jump, last.rounds + 1)

    states = jnp.zeros((start.shape[0], tempering.moves, start.shape[1]))
    zero = jnp.zeros(())
    nothing = Moves(states, states[..., 0], step_size, zero, zero, jnp.zeros((), int))
    return jax.lax.while_loop(wanting, again, (begun, nothing))[1]


def one_round(
    tempering: Tempering, chart: Chart, start: Float[Array, "M P"], temperature: Array, step_size: Array, key: Array
) -> tuple[Array, Array, Array]:
    """`tempering.moves` moves of each particle: all z on the way, their log-likelihoods, and mean acceptance."""
    kernel, metric = blackjax.hmc.build_kernel(), jnp.ones(start.shape[1])

    def density(z: Array) -> Array:
        return tempering.log_density(chart.position(z), temperature)

    def one(lane: tuple[Array, Array]) -> tuple[Array, Array, Array]:
        def step(state: HMCState, each: Array) -> tuple[HMCState, tuple[Array, Array]]:
            for_size, for_step = jax.random.split(each)
            size = step_size * jax.random.uniform(for_size, minval=0.5, maxval=1.5)
            new, info = kernel(for_step, state, density, size, metric, LEAPFROG_STEPS)
            kept = in_order(tempering, chart.position(new.position), chart.feature)
            state = jax.tree.map(lambda after, before: jnp.where(kept, after, before), new, state)
            return state, (state.position, info.acceptance_rate)

        keys = jax.random.split(lane[1], tempering.moves)
        _, (states, acceptance) = jax.lax.scan(step, blackjax.hmc.init(lane[0], density), keys)
        likelihood = jax.vmap(lambda z: tempering.densities(chart.position(z))[1])(states)
        return states, likelihood, jnp.mean(acceptance)

    states, likelihood, acceptance = mapped(one, (start, jax.random.split(key, start.shape[0])), together=LANES)
    return states, likelihood, jnp.mean(acceptance)


def charted(positions: Float[Array, "M P"], feature: Array) -> Chart:
    """Coordinates by the covariance of particles, far ones drawn in; correlations count as if P particles had none."""
    count, size = positions.shape
    centre = jnp.median(positions, axis=0)
    away = positions - centre
    deviation = 1.4826 * jnp.median(jnp.abs(away), axis=0)
    deviation = jnp.where(deviation > 0, deviation, 1 + jnp.std(away, axis=0))
    near = jnp.clip(away / deviation, -TAIL, TAIL)
    covariance = (near.T @ near + size * jnp.diag(jnp.mean(near**2, axis=0) + 1e-6)) / (count + size)
    return Chart(centre, deviation[:, None] * jnp.linalg.cholesky(covariance), feature)


def numbering(tempering: Tempering, positions: Float[Array, "M P"]) -> Int[Array, ""]:
    """The feature by whose means components are best told apart, by variances within over variance in all; 0 where they keep
    their numbers.
    """
    if not tempering.alike:
        return jnp.zeros((), int)
    means = jax.vmap(lambda each: tempering.unravel(each)["means"])(positions)
    within = jnp.sum(jnp.var(jnp.sort(means, axis=1), axis=0), axis=0)
    return jnp.argmin(within / jnp.var(means, axis=(0, 1)))


def numbered(tempering: Tempering, position: Float[Array, " P"], feature: Array) -> Float[Array, " P"]:
    """The same mixture with its components in the order of their means."""
    posterior = tempering.posterior
    parameters = posterior.parameters(posterior.constrain(tempering.unravel(position)))
    return relabelled(tempering, position, jnp.argsort(jnp.take(parameters.means, feature, axis=-1)))


def relabelled(tempering: Tempering, position: Float[Array, " P"], order: Int[Array, " K"]) -> Float[Array, " P"]:
    """The same mixture with its components in another order."""
    posterior = tempering.posterior
    parameters = posterior.parameters(posterior.constrain(tempering.unravel(position)))
    return ravel_pytree(posterior.unconstrain(permute(parameters, order).sites))[0]


def in_order(tempering: Tempering, position: Float[Array, " P"], feature: Array) -> Array:
    """Whether components are numbered as `numbered` does; always where they are not numbered."""
    if not tempering.alike:
        return jnp.ones((), bool)
    return jnp.all(jnp.diff(jnp.take(tempering.unravel(position)["means"], feature, axis=-1)) >= 0)

"""Particles of one tempered run, and the step from one temperature to the next."""

import equinox as eqx
import jax
import jax.numpy as jnp
from blackjax.smc.ess import ess, ess_solver
from blackjax.smc.resampling import systematic
from blackjax.smc.solver import dichotomy
from jax.flatten_util import ravel_pytree

from gmm_ppl.compiled import compiled, mapped
from gmm_ppl.inference.smc.moves import relabelled, stir
from gmm_ppl.inference.smc.tempering import LANES, Tempering
from gmm_ppl.priors.sites import draw_sites
from gmm_ppl.types import Array, Float, Int

FIRST_STEP = 0.2
"""A step of moves among the prior's draws, in their standard deviations."""


class Population(eqx.Module):
    """S states of each of M chains of moves of one run at one temperature, equally weighted.

    `log_likelihood` and `log_evidence` are in nats; `root` numbers the prior's draws that each chain descends from.
    """

    position: Float[Array, "M S P"]
    log_likelihood: Float[Array, "M S"]
    root: Int[Array, " M"]
    temperature: Float[Array, ""]
    log_evidence: Float[Array, ""]
    step_size: Float[Array, ""]


def begin(tempering: Tempering, key: Array, particles: int) -> Population:
    """Particles drawn from the prior, as many for each chain as it will have states."""
    posterior, shape = tempering.posterior, (particles, tempering.moves)

    def one(each: Array) -> tuple[Array, Array]:
        sites, _ = draw_sites(posterior.prior, posterior.shape, each)
        position = ravel_pytree(posterior.unconstrain(sites))[0]
        return position, tempering.densities(position)[1]

    position, likelihood = mapped(one, jax.random.split(key, particles * tempering.moves), together=LANES)
    zero = jnp.zeros(())
    return Population(
        position.reshape(*shape, -1), likelihood.reshape(shape), jnp.arange(particles), zero, zero, zero + FIRST_STEP
    )


def advance(tempering: Tempering, last: Population, key: Array) -> tuple[Population, dict[str, Array]]:
    """The next temperature, M of all states drawn anew by weight and moved there, and what there is to record of it.

    At a temperature of 1 weights are equal, and nothing is left but moves.
    """
    for_choice, for_moves = jax.random.split(key)
    particles, states = last.log_likelihood.shape
    position, likelihood = last.position.reshape(particles * states, -1), last.log_likelihood.ravel()
    left = 1 - last.temperature
    gain = ess_solver(lambda _: likelihood, position, tempering.target_ess, left, dichotomy)
    temperature = jnp.where(gain >= left, 1.0, last.temperature + gain)
    logs = gain * likelihood
    weights = jnp.exp(logs - jnp.max(logs))
    chosen = systematic(for_choice, weights / jnp.sum(weights), particles)
    moves = stir(tempering, position[chosen], temperature, last.step_size, for_moves)
    evidence = last.log_evidence + jnp.max(logs) + jnp.log(jnp.mean(weights))
    root = last.root[chosen // states]
    new = Population(moves.position, moves.log_likelihood, root, temperature, evidence, moves.step_size)
    record = {
        "temperature": temperature,
        "ess": ess(logs) / weights.size,
        "acceptance_rate": moves.acceptance,
        "step_size": last.step_size,
        "moves": moves.rounds * tempering.moves,
        "jump": moves.jump,
    }
    return new, record


@compiled
def begin_all(tempering: Tempering, keys: Array, particles: int) -> Population:
    """`begin` for every run."""
    return jax.lax.map(lambda key: begin(tempering, key, particles), keys)


@compiled
def advance_all(tempering: Tempering, last: Population, keys: Array) -> tuple[Population, dict[str, Array]]:
    """`advance` of every run."""
    return jax.lax.map(lambda each: advance(tempering, *each), (last, keys))


@compiled
def expanded(tempering: Tempering, positions: Float[Array, "chains M P"], keys: Array) -> tuple:
    """Unconstrained sites, sites, parameters and log posterior density (nats) of positions, in labels drawn at random."""

    def one(position: Array, key: Array) -> tuple:
        if tempering.alike:
            order = jax.random.permutation(key, tempering.posterior.shape.components)
            position = relabelled(tempering, position, order)
        unconstrained = tempering.unravel(position)
        sites = tempering.posterior.constrain(unconstrained)
        return unconstrained, sites, tempering.posterior.parameters(sites), tempering.log_density(position, jnp.ones(()))

    return jax.lax.map(lambda each: jax.vmap(one)(*each), (positions, keys))

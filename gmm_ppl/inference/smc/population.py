"""Particles of one tempered run, and the step from one temperature to the next."""

import blackjax
import equinox as eqx
import jax
import jax.numpy as jnp
from blackjax.smc.ess import ess, ess_solver
from blackjax.smc.resampling import systematic
from blackjax.smc.solver import dichotomy
from jax.flatten_util import ravel_pytree

from gmm_ppl.compiled import compiled, mapped
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.base import Sites
from gmm_ppl.priors.sites import draw_sites
from gmm_ppl.types import Array, Float, Int

LANES = 128
"""Particles that are moved side by side."""

LEAPFROG_STEPS = 8
ACCEPTANCE = 0.8
FIRST_STEP = 0.2
"""A step of moves among the prior's draws, in their standard deviations."""
LOWEST = -1e100
"""Log-likelihood (nats) that stands for one that is not finite, so that 0 times it is 0."""


class Population(eqx.Module):
    """M particles of one run at one temperature, equally weighted.

    `log_likelihood` and `log_evidence` are in nats; `root` numbers the prior's draw that each particle descends from.
    """

    position: Float[Array, "M P"]
    log_likelihood: Float[Array, " M"]
    root: Int[Array, " M"]
    temperature: Float[Array, ""]
    log_evidence: Float[Array, ""]
    step_size: Float[Array, ""]


class Tempering(eqx.Module):
    """The law that is tempered, and the settings of a step."""

    posterior: Posterior
    target_ess: float
    moves: int = eqx.field(static=True)

    def unravel(self, position: Float[Array, " P"]) -> Sites:
        """Unconstrained sites of a flat position."""
        shapes = self.posterior.prior.real_shapes(self.posterior.shape)
        return ravel_pytree({name: jnp.zeros(size) for name, size in shapes.items()})[1](position)

    def densities(self, position: Float[Array, " P"]) -> tuple[Array, Array]:
        """Log prior density of a position, Jacobian included, and log-likelihood, in nats."""
        likelihood, prior = self.posterior.log_terms_of_coordinates(self.unravel(position))
        return prior, jnp.where(jnp.isfinite(likelihood), likelihood, LOWEST)

    def log_density(self, position: Float[Array, " P"], temperature: Array) -> Float[Array, ""]:
        """Log p(u) + β log p(x | u)."""
        prior, likelihood = self.densities(position)
        return prior + temperature * likelihood


def begin(tempering: Tempering, key: Array, particles: int) -> Population:
    """Particles drawn from the prior."""
    posterior = tempering.posterior

    def one(each: Array) -> tuple[Array, Array]:
        sites, _ = draw_sites(posterior.prior, posterior.shape, each)
        position = ravel_pytree(posterior.unconstrain(sites))[0]
        return position, tempering.densities(position)[1]

    position, likelihood = mapped(one, jax.random.split(key, particles), together=LANES)
    zero = jnp.zeros(())
    return Population(position, likelihood, jnp.arange(particles), zero, zero, zero + FIRST_STEP)


def advance(tempering: Tempering, last: Population, key: Array) -> tuple[Population, dict[str, Array]]:
    """The next temperature, particles drawn anew by weight and moved there, and what there is to record of it.

    At a temperature of 1 weights are equal, and nothing is left but moves.
    """
    for_choice, for_moves = jax.random.split(key)
    left = 1 - last.temperature
    gain = ess_solver(lambda _: last.log_likelihood, last.position, tempering.target_ess, left, dichotomy)
    temperature = jnp.where(gain >= left, 1.0, last.temperature + gain)
    logs = gain * last.log_likelihood
    weights = jnp.exp(logs - jnp.max(logs))
    chosen = systematic(for_choice, weights / jnp.sum(weights), weights.size)
    moved, likelihood, acceptance = move(tempering, last, chosen, temperature, for_moves)
    evidence = last.log_evidence + jnp.max(logs) + jnp.log(jnp.mean(weights))
    step_size = last.step_size * jnp.exp(jnp.mean(acceptance) - ACCEPTANCE)
    new = Population(moved, likelihood, last.root[chosen], temperature, evidence, step_size)
    record = {
        "temperature": temperature,
        "ess": ess(logs) / weights.size,
        "acceptance_rate": jnp.mean(acceptance),
        "step_size": last.step_size,
    }
    return new, record


def move(tempering: Tempering, last: Population, chosen: Array, temperature: Array, key: Array) -> tuple[Array, Array, Array]:
    """Positions, log-likelihoods and mean acceptance of the chosen particles after their moves.

    The metric is diagonal: across labellings coordinates of different components are as correlated as the modes are apart,
    which says nothing of any one mode.
    """
    positions = last.position[chosen]
    metric = jnp.var(positions, axis=0)
    kernel = blackjax.hmc.build_kernel()

    def density(position: Array) -> Array:
        return tempering.log_density(position, temperature)

    def one(lane: tuple[Array, Array]) -> tuple[Array, Array, Array]:
        def step(state: blackjax.mcmc.hmc.HMCState, each: Array) -> tuple[blackjax.mcmc.hmc.HMCState, Array]:
            for_size, for_step = jax.random.split(each)
            size = last.step_size * jax.random.uniform(for_size, minval=0.5, maxval=1.5)
            state, info = kernel(for_step, state, density, size, metric, LEAPFROG_STEPS)
            return state, info.acceptance_rate

        keys = jax.random.split(lane[1], tempering.moves)
        state, acceptance = jax.lax.scan(step, blackjax.hmc.init(lane[0], density), keys)
        return state.position, tempering.densities(state.position)[1], jnp.mean(acceptance)

    return mapped(one, (positions, jax.random.split(key, chosen.size)), together=LANES)


@compiled
def begin_all(tempering: Tempering, keys: Array, particles: int) -> Population:
    """`begin` for every run."""
    return jax.lax.map(lambda key: begin(tempering, key, particles), keys)


@compiled
def advance_all(tempering: Tempering, last: Population, keys: Array) -> tuple[Population, dict[str, Array]]:
    """`advance` of every run."""
    return jax.lax.map(lambda each: advance(tempering, *each), (last, keys))


@compiled
def expanded(tempering: Tempering, positions: Float[Array, "chains M P"]) -> tuple:
    """Unconstrained sites, sites, parameters and log posterior density (nats) of positions."""

    def one(position: Array) -> tuple:
        unconstrained = tempering.unravel(position)
        sites = tempering.posterior.constrain(unconstrained)
        return unconstrained, sites, tempering.posterior.parameters(sites), tempering.log_density(position, jnp.ones(()))

    return jax.lax.map(jax.vmap(one), positions)

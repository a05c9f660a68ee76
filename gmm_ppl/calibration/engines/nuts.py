"""One chain of NUTS a replication, thinned."""

import blackjax
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from gmm_ppl.calibration.beginning import begin
from gmm_ppl.calibration.engines.base import Drawn
from gmm_ppl.inference.mode.coordinates import Coordinates, dispersed_candidates
from gmm_ppl.inference.nuts.reassignment import reassignment
from gmm_ppl.inference.nuts.warmup import SAMPLING, Chain, Sampler, begin_chain, freeze, schedule, transition
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.types import Array

WARMUP = 100
"""Transitions that adapt step size and metric, in coordinates that are whitened at the mode already."""

THINNING = 3
"""Transitions a kept draw."""

MAX_TREE_DEPTH = 7
"""A longer trajectory than 2^7 steps is cut: the law that chains keep is the same, and one in a funnel holds up no other."""

TARGET_ACCEPTANCE = 0.9


def nuts(posterior: Posterior, key: Array, draws: int) -> Drawn:
    """One chain from the mode that EM and Newton's steps find, whitened there, begun overdispersed, every third draw kept."""
    for_start, for_chain, for_warmup, for_draws = jax.random.split(key, 4)
    mode, sites = begin(posterior, for_start)
    unravel = ravel_pytree(sites)[1]
    coordinates = Coordinates(unravel(mode.position), mode.curvature.scale)
    sampler = Sampler(posterior, coordinates, TARGET_ACCEPTANCE, MAX_TREE_DEPTH, reassignment(posterior, coordinates))
    states = jax.lax.map(lambda each: blackjax.nuts.init(each, sampler.log_density), dispersed_candidates(coordinates, for_chain))
    chain = warmed(sampler, begin_chain(sampler, states), for_warmup)
    positions, notes = thinned(sampler, chain, jax.random.split(for_draws, (draws, THINNING)))
    usable = jnp.isfinite(chain.nuts.logdensity) & jnp.isfinite(positions).all()
    return Drawn(jax.vmap(coordinates.unconstrained)(positions), usable, notes)


def warmed(sampler: Sampler, chain: Chain, key: Array) -> Chain:
    """The chain at the end of its warm-up."""

    def step(state: Chain, each: tuple[Array, Array, Array]) -> tuple[Chain, None]:
        return transition(sampler, state, *each)[0], None

    # BlackJAX makes its windows by operations of JAX, which NumPy has to see the values of.
    with jax.ensure_compile_time_eval():
        stages = schedule(WARMUP, 0)
    return freeze(jax.lax.scan(step, chain, (jax.random.split(key, WARMUP), stages[:, 0], stages[:, 1]))[0])


def thinned(sampler: Sampler, chain: Chain, keys: Array) -> tuple[Array, dict[str, Array]]:
    """Positions (L, P) after every few transitions, `keys` (L, thinning), and how the transitions went."""
    stage, ends = jnp.asarray(SAMPLING), jnp.asarray(0)

    def step(state: Chain, key: Array) -> tuple[Chain, dict[str, Array]]:
        return transition(sampler, state, key, stage, ends)

    def kept(state: Chain, each: Array) -> tuple[Chain, tuple[Array, Array, Array]]:
        state, record = jax.lax.scan(step, state, each)
        return state, (record["position"][-1], jnp.sum(record["diverging"]), jnp.mean(record["n_steps"]))

    positions, diverging, steps = jax.lax.scan(kept, chain, keys)[1]
    return positions, {"divergences": jnp.sum(diverging, dtype=float), "leapfrog_steps": jnp.mean(steps)}

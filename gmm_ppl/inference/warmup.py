"""One chain's transition for warm-up and sampling alike: a NUTS step, then whatever the schedule adapts.

Warm-up and sampling are one compiled program, run in segments, so that progress can be shown and Ctrl-C heeded.
"""

from typing import TypeVar

import blackjax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from blackjax.adaptation.mass_matrix import MassMatrixAdaptationState, mass_matrix_adaptation
from blackjax.adaptation.step_size import DualAveragingAdaptationState, dual_averaging_adaptation
from blackjax.adaptation.window_adaptation import build_schedule
from blackjax.mcmc.hmc import HMCState

from gmm_ppl.compiled import compiled
from gmm_ppl.inference.coordinates import Coordinates, dispersed_candidates
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.types import Array, Float

State = TypeVar("State")
FAST, SLOW, SAMPLING = 0, 1, 2
FIRST_STEP = 0.5
"""A good step size in whitened coordinates, where warm-up begins."""
LARGEST_DENSE_METRIC = 100


class Sampler(eqx.Module):
    """What a transition needs besides the state: the density, its coordinates, and the settings."""

    posterior: Posterior
    coordinates: Coordinates
    target_acceptance: Float[Array, ""]
    max_tree_depth: int = eqx.field(static=True)

    def log_density(self, position: Float[Array, " P"]) -> Float[Array, ""]:
        """Log posterior density at a whitened position."""
        return self.coordinates.log_density(self.posterior, position)


class Chain(eqx.Module):
    """A chain between two transitions: NUTS's state, and the step size and metric with their adaptation."""

    nuts: HMCState
    averaging: DualAveragingAdaptationState
    metric: MassMatrixAdaptationState
    step_size: Float[Array, ""]


def schedule(warmup: int, draws: int, *, windowed: bool = True) -> np.ndarray:
    """(stage, end of window) for each transition: Stan's windows, or the step size alone, then sampling."""
    sampling = np.tile([SAMPLING, 0], (draws, 1))
    if not (windowed and warmup):
        return np.concatenate([np.tile([FAST, 0], (warmup, 1)), sampling])
    return np.concatenate([np.asarray(build_schedule(warmup)).reshape(-1, 2), sampling])


def begin_chain(sampler: Sampler, key: Array) -> Chain:
    """A chain at a dispersed start, with the step size and unit metric that suit whitened coordinates."""
    candidates = dispersed_candidates(sampler.coordinates, key)
    states = jax.vmap(lambda each: blackjax.nuts.init(each, sampler.log_density))(candidates)
    usable = jnp.isfinite(states.logdensity) & jnp.isfinite(states.logdensity_grad).all(axis=1)
    averaging, metric = adaptations(sampler, candidates.shape[1])
    averaged = averaging[0](jnp.array(FIRST_STEP))
    # BlackJAX begins the average at a step of 1, which is what a run without warm-up would sample with.
    averaged = averaged._replace(log_step_size_avg=averaged.log_step_size)
    nuts = jax.tree.map(lambda leaf: leaf[jnp.argmax(usable)], states)
    return Chain(nuts, averaged, metric[0](candidates.shape[1]), jnp.array(FIRST_STEP))


def adaptations(sampler: Sampler, size: int) -> tuple:
    """BlackJAX's dual averaging of the step size and Welford estimate of the metric, as (init, update, final)."""
    return (
        dual_averaging_adaptation(sampler.target_acceptance),
        mass_matrix_adaptation(is_diagonal_matrix=size > LARGEST_DENSE_METRIC),
    )


def transition(sampler: Sampler, chain: Chain, key: Array, stage: Array, window_ends: Array) -> tuple[Chain, dict[str, Array]]:
    """One NUTS transition, its adaptation, and what there is to record of it."""
    nuts, info = blackjax.nuts.build_kernel()(
        key,
        chain.nuts,
        sampler.log_density,
        chain.step_size,
        chain.metric[0],
        max_num_doublings=sampler.max_tree_depth,
    )
    record = {
        "position": nuts.position,
        "lp": nuts.logdensity,
        "diverging": info.is_divergent,
        "n_steps": info.num_integration_steps,
        "tree_depth": info.num_trajectory_expansions,
        "acceptance_rate": info.acceptance_rate,
        "energy": info.energy,
        "step_size": chain.step_size,
    }
    return adapt(sampler, chain, nuts, info.acceptance_rate, stage, window_ends), record


def adapt(sampler: Sampler, chain: Chain, nuts: HMCState, acceptance: Array, stage: Array, window_ends: Array) -> Chain:
    """The chain after a transition: step size in every window, metric in slow ones, nothing while sampling."""
    averaging, metric = adaptations(sampler, chain.metric[0].shape[-1])
    averaged = choose(stage < SAMPLING, averaging[1](chain.averaging, acceptance), chain.averaging)
    measured = choose(stage == SLOW, metric[1](chain.metric, nuts.position), chain.metric)
    averaged = choose(window_ends > 0, averaging[0](averaging[2](averaged)), averaged)
    measured = choose(window_ends > 0, metric[2](measured), measured)
    # What is sampled with is the average over the last window; what is adapted with is the latest value.
    step_size = jnp.where(stage < SAMPLING, jnp.exp(averaged.log_step_size), averaging[2](averaged))
    return Chain(nuts, averaged, measured, step_size)


def freeze(chain: Chain) -> Chain:
    """The chain at the end of warm-up: the averaged step size from here on."""
    return Chain(chain.nuts, chain.averaging, chain.metric, jnp.exp(chain.averaging.log_step_size_avg))


def choose[State](condition: Array, new: State, old: State) -> State:
    """`new` where the condition holds, leaf by leaf."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), new, old)


@compiled
def begin_chains(sampler: Sampler, keys: Array) -> Chain:
    """`begin_chain` for every key, in the very types that a transition returns, so that `segment` compiles once."""
    chains = jax.vmap(lambda key: begin_chain(sampler, key))(keys)
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=leaf.dtype), chains)


@compiled
def segment(sampler: Sampler, chains: Chain, key: Array, stages: Array, first: Array, count: Array) -> tuple[Chain, dict]:
    """Transitions `first` to `first + count` of every chain; `stages` (L, 2) are theirs, L ≥ count; records are (L, chains, …).

    A transition's key is made of its number, so that draws are the same however they are cut into segments.
    """
    number = chains.step_size.size

    def one(chain: Chain, key: Array, stage: Array, window_ends: Array) -> tuple[Chain, dict[str, Array]]:
        # The first draw after warm-up is made with the averaged step size already.
        return transition(sampler, choose(stage == SAMPLING, freeze(chain), chain), key, stage, window_ends)

    def together(chains: Chain, index: Array) -> tuple[Chain, dict[str, Array]]:
        keys = jax.random.split(jax.random.fold_in(key, first + index), number)
        return jax.vmap(one, in_axes=(0, 0, None, None))(chains, keys, *stages[index])

    def step(index: Array, carry: tuple[Chain, dict]) -> tuple[Chain, dict]:
        moved, record = together(carry[0], index)
        return moved, jax.tree.map(lambda whole, each: whole.at[index].set(each), carry[1], record)

    record = jax.eval_shape(together, chains, jnp.asarray(0))[1]
    room = jax.tree.map(lambda each: jnp.zeros((stages.shape[0], *each.shape), each.dtype), record)
    return jax.lax.fori_loop(0, count, step, (chains, room))

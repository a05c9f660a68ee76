"""One chain's transition for warm-up and sampling alike: a NUTS step, then whatever the schedule adapts.

Warm-up and sampling are one compiled program, run in segments, so that progress can be shown and Ctrl-C heeded.
"""

from typing import Any, TypeVar

import blackjax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from blackjax.adaptation.mass_matrix import MassMatrixAdaptationState, mass_matrix_adaptation
from blackjax.adaptation.step_size import DualAveragingAdaptationState, dual_averaging_adaptation
from blackjax.adaptation.window_adaptation import build_schedule
from blackjax.mcmc.hmc import HMCState

from gmm_ppl.compiled import compiled, compiled_once, mapped
from gmm_ppl.inference.mode.coordinates import Coordinates, dispersed_candidates
from gmm_ppl.inference.mode.curvature import move
from gmm_ppl.inference.nuts.reassignment import Reassignment
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.types import Array, Float

State = TypeVar("State")
FAST, SLOW, SAMPLING = 0, 1, 2
FIRST_STEP = 0.5
"""A good step size in whitened coordinates, where warm-up begins."""
LARGEST_DENSE_METRIC = 100

LANES = 50
"""Positions evaluated side by side before the chains begin, where a pass is long."""


class Sampler(eqx.Module):
    """What a transition needs besides the state: the density, its coordinates, the settings, and moves of many rows at once, None
    where there are none.
    """

    posterior: Posterior
    coordinates: Coordinates
    target_acceptance: Float[Array, ""]
    max_tree_depth: int = eqx.field(static=True)
    reassignment: Reassignment | None = None

    def log_density(self, position: Float[Array, " P"]) -> Float[Array, ""]:
        """Log posterior density at a whitened position."""
        return traced_once(self.coordinates, self.posterior, position)

    @property
    def size(self) -> int:
        """P, the number of coordinates."""
        return sum(np.size(each) for each in jax.tree.leaves(self.coordinates.centre))


@eqx.filter_jit
def traced_once(coordinates: Coordinates, posterior: Posterior, position: Float[Array, " P"]) -> Float[Array, ""]:
    """`Coordinates.log_density`: compiled as a part of what calls it, but traced, and differentiated, once for all of that."""
    return coordinates.log_density(posterior, position)


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


def begin_chain(sampler: Sampler, candidates: HMCState) -> Chain:
    """A chain at the first usable candidate, with the step size and unit metric that suit whitened coordinates."""
    gradients: Any = candidates.logdensity_grad
    usable = jnp.isfinite(candidates.logdensity) & jnp.isfinite(gradients).all(axis=1)
    nuts = jax.tree.map(lambda leaf: leaf[jnp.argmax(usable)], candidates)
    averaging, metric = adaptations(sampler)
    averaged = averaging[0](jnp.array(FIRST_STEP))
    # BlackJAX begins the average at a step of 1, which is what a run without warm-up would sample with.
    averaged = averaged._replace(log_step_size_avg=averaged.log_step_size)
    return Chain(nuts, averaged, metric[0](sampler.size), jnp.array(FIRST_STEP))


def adaptations(sampler: Sampler) -> tuple:
    """BlackJAX's dual averaging of the step size and Welford estimate of the metric, as (init, update, final)."""
    return (
        dual_averaging_adaptation(sampler.target_acceptance),
        mass_matrix_adaptation(is_diagonal_matrix=sampler.size > LARGEST_DENSE_METRIC),
    )


def transition(sampler: Sampler, chain: Chain, key: Array, stage: Array, window_ends: Array) -> tuple[Chain, dict[str, Array]]:
    """One NUTS transition, its adaptation, and what there is to record of it."""
    nuts, info = blackjax.nuts.build_kernel()(
        key,
        begin_transition(sampler, chain.nuts, key),
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
        # A mean of probabilities that rounds to more than 1 is 1.
        "acceptance_rate": jnp.minimum(info.acceptance_rate, 1),
        "energy": info.energy,
        "step_size": chain.step_size,
    }
    return adapt(sampler, chain, nuts, info.acceptance_rate, stage, window_ends), record


def begin_transition(sampler: Sampler, state: HMCState, key: Array) -> HMCState:
    """The state that a transition goes out from: after moves of many rows, where there are any."""
    moves = sampler.reassignment
    if moves is None:
        return state
    new = blackjax.nuts.init(moves.moved(state.position, jax.random.fold_in(key, 1)), sampler.log_density)
    # Not to parameters whose covariance has rounded to a singular one.
    return choose(jnp.isfinite(new.logdensity), new, state)


def adapt(sampler: Sampler, chain: Chain, nuts: HMCState, acceptance: Array, stage: Array, window_ends: Array) -> Chain:
    """The chain after a transition: step size in every window, metric in slow ones, nothing while sampling."""
    moved = Chain(nuts, chain.averaging, chain.metric, chain.step_size)
    # Branches, not choices: a chain alone then pays for what it does only.
    learned = jax.lax.cond(stage < SAMPLING, lambda each: learn(sampler, each, acceptance, stage), lambda each: each, moved)
    return jax.lax.cond(window_ends > 0, lambda each: end_window(sampler, each), lambda each: each, learned)


def learn(sampler: Sampler, chain: Chain, acceptance: Array, stage: Array) -> Chain:
    """The step size after one more acceptance, and in slow windows the metric after one more position."""
    averaging, metric = adaptations(sampler)
    averaged = averaging[1](chain.averaging, acceptance)
    measured = choose(stage == SLOW, metric[1](chain.metric, chain.nuts.position), chain.metric)
    return Chain(chain.nuts, averaged, measured, jnp.exp(averaged.log_step_size))


def end_window(sampler: Sampler, chain: Chain) -> Chain:
    """The metric of the window that ends, and the step size looked for anew from its average."""
    averaging, metric = adaptations(sampler)
    averaged = averaging[0](averaging[2](chain.averaging))
    return Chain(chain.nuts, averaged, metric[2](chain.metric), jnp.exp(averaged.log_step_size))


def freeze(chain: Chain) -> Chain:
    """The chain at the end of warm-up: the averaged step size from here on."""
    return Chain(chain.nuts, chain.averaging, chain.metric, jnp.exp(chain.averaging.log_step_size_avg))


def choose[State](condition: Array, new: State, old: State) -> State:
    """`new` where the condition holds, leaf by leaf."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), new, old)


class Places(eqx.Module):
    """Where chains begin if not all at the centre: `away` (C, P) from it in whitened coordinates, dispersed as `turn` makes of
    standard normal noise, (C, P, P) or (C, P) as `Coordinates.scale` is.
    """

    away: Float[Array, "C P"]
    turn: Array


@compiled_once
def begin_chains(
    sampler: Sampler, key: Array, number: int, looks: int, places: Places | None = None
) -> tuple[Chain, Float[Array, " S"], Array]:
    """`number` chains at dispersed starts, log importance ratios (nats, up to a constant) of `looks` draws from the standard
    normal law in whitened coordinates, and the key of the chains' moves.

    Starts and looks are evaluated by one program, of which the density is nearly all. Chains are of the very types that a
    transition returns, so that `segment` compiles once.
    """
    for_starts, for_looks, for_moves = jax.random.split(key, 3)
    starts = jax.vmap(lambda each: dispersed_candidates(sampler.coordinates, each))(jax.random.split(for_starts, number))
    if places is not None:
        starts = jax.vmap(lambda away, turn, each: jax.vmap(lambda steps: move(away, turn, steps))(each))(
            places.away, places.turn, starts
        )
    draws = jax.random.normal(for_looks, (looks, starts.shape[-1]))
    positions = jnp.concatenate([starts.reshape(-1, starts.shape[-1]), draws])
    states = mapped(
        lambda each: blackjax.nuts.init(each, sampler.log_density), positions, together=1 if sampler.posterior.short else LANES
    )
    split = starts.shape[0] * starts.shape[1]
    candidates = jax.tree.map(lambda leaf: leaf[:split].reshape(*starts.shape[:2], *leaf.shape[1:]), states)
    chains = jax.vmap(lambda each: begin_chain(sampler, each))(candidates)
    ratios = states.logdensity[split:] + jnp.sum(draws**2, axis=1) / 2
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=leaf.dtype), chains), ratios, for_moves


@compiled
def segment(
    sampler: Sampler, chains: Chain, key: Array, numbers: Array, stages: Array, first: Array, count: Array
) -> tuple[Chain, dict]:
    """Transitions `first` to `first + count` of the chains numbered `numbers`; `stages` (L, 2) are theirs, L ≥ count; records are
    (L, chains, …).

    A transition's key is made of its number and its chain's, so that draws are the same however they are cut into segments.
    """

    def one(chain: Chain, number: Array, index: Array) -> tuple[Chain, dict[str, Array]]:
        own = jax.random.fold_in(jax.random.fold_in(key, number), first + index)
        stage, window_ends = stages[index]
        # The first draw after warm-up is made with the averaged step size already.
        return transition(sampler, choose(stage == SAMPLING, freeze(chain), chain), own, stage, window_ends)

    def step(index: Array, carry: tuple[Chain, dict]) -> tuple[Chain, dict]:
        moved, record = moves(carry[0], numbers, index)
        return moved, jax.tree.map(lambda whole, each: whole.at[index].set(each), carry[1], record)

    # A chain alone is not made a batch of one, which would evaluate every branch.
    alone = numbers.size == 1
    moves = one if alone else jax.vmap(one, in_axes=(0, 0, None))
    if alone:
        chains, numbers = jax.tree.map(lambda leaf: leaf[0], (chains, numbers))
    record = jax.eval_shape(moves, chains, numbers, jnp.asarray(0))[1]
    room = jax.tree.map(lambda each: jnp.zeros((stages.shape[0], *each.shape), each.dtype), record)
    chains, record = jax.lax.fori_loop(0, count, step, (chains, room))
    if alone:
        return jax.tree.map(lambda leaf: leaf[None], chains), jax.tree.map(lambda leaf: leaf[:, None], record)
    return chains, record

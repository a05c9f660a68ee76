"""One run of NUTS: chains from a fit's optima, warmed up, and moved on until they agree."""

import warnings
from dataclasses import dataclass, replace

import equinox as eqx
import jax
import numpy as np

from gmm_ppl.compiled import make_room
from gmm_ppl.errors import FitError, FitWarning
from gmm_ppl.inference.base import NutsFit
from gmm_ppl.inference.mode.climb import reached
from gmm_ppl.inference.mode.coordinates import Coordinates, coordinates_at, unravelled
from gmm_ppl.inference.nuts.adaptation import Adaptation, adaptation, asked_for, doubts_before_looking, looks
from gmm_ppl.inference.nuts.length import have_agreed
from gmm_ppl.inference.nuts.reassignment import reassignment
from gmm_ppl.inference.nuts.recorder import Recorder
from gmm_ppl.inference.nuts.teams import Teams
from gmm_ppl.inference.nuts.warmup import Chain, Sampler, begin_chains, schedule
from gmm_ppl.inference.optima import Optima, places
from gmm_ppl.inference.status import Status
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.model.specification import Mixture
from gmm_ppl.progress import Progress
from gmm_ppl.types import Array, to_numpy

SEGMENT = 1200
"""Transitions between two looks at the clock and the keyboard, at most."""

NUMBERS_A_SEGMENT = 2e9
"""Rows × features of φ × components × leapfrog steps in a segment: what two cores do in a second or so."""


SHALLOW = 4
"""Depth of trajectories between moves of many rows: long ones are due to corners that the moves lead out of at less cost."""


BESIDE_MOVES = 150
"""Transitions of a warm-up beside moves of many rows, Stan's shortest: moves need no metric, and soon forget a start."""


@dataclass(frozen=True)
class Settings:
    """What `sample` was asked for."""

    seed: int
    chains: int
    draws: int
    warmup: int | None
    target_acceptance: float
    max_tree_depth: int
    max_thinning: int


def run(mixture: Mixture, target: Posterior, found: Optima, settings: Settings, progress: Progress) -> NutsFit:
    """Chains from a fit's optima, as long as they have to be; `seconds` and `probe` are not filled in."""
    sampler = prepared(target, found, settings)
    state, chosen, key = begun_chains(sampler, found, settings)
    longest = 1
    if chosen.doubtful:
        sampler, longest = with_moves(sampler, found), settings.max_thinning
    if sampler.reassignment and settings.warmup is None:
        chosen = replace(chosen, warmup=BESIDE_MOVES)
    with Teams(sampler, state, key) as teams:
        recorder = recorded(teams, settings.draws, chosen, longest, progress)
    thinning = max(1, recorder.kept // settings.draws)
    unconstrained, sites, parameters = expanded(sampler, records := recorder.joined(settings.draws, thinning))
    del records["position"]
    return NutsFit(
        mixture=mixture,
        parameters=parameters,
        sites=sites,
        unconstrained=unconstrained,
        sampler_statistics=records,
        start=found.heaviest,
        seconds=0.0,
        seed=settings.seed,
        draws_asked=settings.draws,
        max_tree_depth=sampler.max_tree_depth,
        warmup=chosen.warmup,
        windowed=chosen.windowed,
        warmup_reason=chosen.reason,
        normal_pareto_k=chosen.pareto_k,
        thinning=thinning,
        rows_moved=sampler.reassignment is not None,
        optima=found,
    )


def prepared(target: Posterior, found: Optima, settings: Settings) -> Sampler:
    """The density in coordinates whitened at the heaviest mode, or at the EM point where none is reached.

    Where EM collapsed, nor do Newton's steps lead to a mode: they go down the funnel in which a component closes in on a row.
    """
    mode, unconstrained = found.mode
    if reached(mode) and found.heaviest.status is not Status.ELSEWHERE:
        coordinates = Coordinates(unravelled(mode.position, unconstrained), mode.curvature.scale)
    else:
        coordinates = coordinates_at(target, unconstrained)
    return Sampler(target, coordinates, np.asarray(settings.target_acceptance), settings.max_tree_depth)


def with_moves(sampler: Sampler, found: Optima) -> Sampler:
    """Moves of many rows between shorter trajectories, where the prior allows them."""
    moves = reassignment(sampler.posterior, sampler.coordinates, tuple(each.parameters for each in found.points))
    if moves is None:
        return sampler
    return replace(sampler, reassignment=moves, max_tree_depth=min(sampler.max_tree_depth, SHALLOW))


def begun_chains(sampler: Sampler, found: Optima, settings: Settings) -> tuple[Chain, Adaptation, Array]:
    """Chains at their starts, the warm-up that they are given, and the key of their moves."""
    make_room()
    begun_at = found.dealt(settings.chains)
    apart = np.unique(begun_at).size > 1
    doubts = doubts_before_looking(sampler, found.mode[0], found.heaviest)
    doubts += ["chains begin at several optima"] if apart else []
    number = 0 if doubts or settings.warmup is not None else looks(sampler)
    somewhere = places(sampler, found, begun_at) if apart else None
    state, ratios, for_moves = begin_chains(sampler, jax.random.key(settings.seed), settings.chains, number, somewhere)
    check_begun(state)
    if settings.warmup is not None:
        return state, asked_for(settings.warmup, doubts), for_moves
    return state, adaptation(doubts, np.asarray(ratios)), for_moves


def segment_length(sampler: Sampler, chains: int) -> int:
    """Transitions between two looks at the clock, from what eight leapfrog steps of all chains cost."""
    rows, shape = sampler.posterior.rows.columns.shape[1], sampler.posterior.shape
    step = 8.0 * chains * rows * shape.components * (shape.features + 1) * (shape.features + 2) / 2
    return int(np.clip(NUMBERS_A_SEGMENT / step, 5, SEGMENT))


def recorded(teams: Teams, draws: int, chosen: Adaptation, longest: int, progress: Progress) -> Recorder:
    """Records of warm-up and of `draws` transitions, twice as many while chains have not agreed, up to `longest` times as many.

    Ctrl-C while sampling keeps what is there; during warm-up there is nothing to keep and it is passed on.
    """
    sampler, length = teams.sampler, segment_length(teams.sampler, teams.numbers.size)
    stages = schedule(chosen.warmup, longest * draws + length, windowed=chosen.windowed)
    recorder, times = Recorder(chosen.warmup, draws), 1
    try:
        advance(teams, recorder, stages, length, progress)
        while 2 * times <= longest and not agreed(sampler, recorder.joined(draws, times)):
            times *= 2
            recorder.wanted = times * draws
            advance(teams, recorder, stages, length, progress)
    except KeyboardInterrupt:
        if not recorder.kept:
            raise
        kept = f"{min(recorder.kept, draws)} of {draws} draws a chain were kept"
        warnings.warn(f"NUTS: interrupted; {kept}.", FitWarning, stacklevel=6)
    return recorder


def advance(teams: Teams, recorder: Recorder, stages: np.ndarray, length: int, progress: Progress) -> None:
    """Chains as far on as the recorder wants them, a segment at a time."""
    while recorder.done < recorder.total:
        first = recorder.done
        count = min(length, recorder.total - first)
        recorder.add(teams.advance(stages[first : first + length], first, count), count)
        recorder.report(progress)


def agreed(sampler: Sampler, records: dict[str, np.ndarray]) -> bool:
    """Whether chains have."""
    return have_agreed(expanded(sampler, records)[-1], records["lp"])


def check_begun(chains: Chain) -> None:
    """Refuse to go on from where the density cannot be followed."""
    if not all(np.isfinite(each).all() for each in jax.tree.leaves(chains.nuts)):
        raise FitError(
            "NUTS: the density or its gradient is not finite at the EM point: look for values far from all others, or give "
            "another start."
        )


def expanded(sampler: Sampler, records: dict[str, np.ndarray]) -> tuple:
    """Unconstrained sites, sites and parameters of the recorded draws (chains, draws, …)."""
    return to_numpy(expand_positions(sampler.posterior, sampler.coordinates, records["position"]))


@eqx.filter_jit
def expand_positions(target: Posterior, coordinates: Coordinates, positions: Array) -> tuple:
    """Unconstrained sites, sites and parameters of whitened positions (chains, draws, P)."""

    def one(position: Array) -> tuple:
        unconstrained = coordinates.unconstrained(position)
        sites = target.constrain(unconstrained)
        return unconstrained, sites, target.parameters(sites)

    return jax.lax.map(lambda chain: jax.vmap(one)(chain), positions)

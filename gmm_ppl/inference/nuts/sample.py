"""`sample`: NUTS (Hoffman & Gelman 2014, jmlr.org/papers/v15/hoffman14a.html) from the EM point."""

import time
import warnings
from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import numpy as np

from gmm_ppl.compiled import make_room, one_blas_thread
from gmm_ppl.errors import FitError, FitWarning
from gmm_ppl.inference.arguments import check_between, check_count
from gmm_ppl.inference.base import NutsFit, PointFit
from gmm_ppl.inference.beginning import begun
from gmm_ppl.inference.mode.climb import reached
from gmm_ppl.inference.mode.coordinates import Coordinates, coordinates_at, unravelled
from gmm_ppl.inference.nuts.adaptation import Adaptation, adaptation, asked_for, doubts_before_looking, looks
from gmm_ppl.inference.nuts.probe import probe
from gmm_ppl.inference.nuts.reassignment import reassignment
from gmm_ppl.inference.nuts.recorder import Recorder
from gmm_ppl.inference.nuts.teams import Teams
from gmm_ppl.inference.nuts.warmup import Chain, Sampler, begin_chains, schedule
from gmm_ppl.inference.optima import Optima, places, weighed
from gmm_ppl.inference.status import Status
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.model.specification import Mixture
from gmm_ppl.progress import Progress, watched
from gmm_ppl.types import Array, in_float64, to_numpy

SEGMENT = 1200
"""Transitions between two looks at the clock and the keyboard, at most."""

NUMBERS_A_SEGMENT = 2e9
"""Rows × features of φ × components × leapfrog steps in a segment: what two cores do in a second or so."""


@in_float64
def sample(
    mixture: Mixture,
    data: object,
    *,
    start: PointFit | None = None,
    seed: int = 0,
    chains: int = 4,
    draws: int = 1000,
    warmup: int | None = None,
    target_acceptance: float = 0.8,
    max_tree_depth: int = 10,
    progress: Progress | None = None,
) -> NutsFit:
    """Posterior draws by NUTS, in coordinates centred on and whitened at the mode above the EM point.

    Args:
        mixture: the specification; its prior must be proper.
        data: rows (N, D), in any form that `fit` takes.
        start: an EM fit to start from; by default one is made with the same seed. Where its starts ended in several optima,
            chains are dealt out to those with a hundredth of the evidence (`optima`), so that R-hat sees what is apart, and the
            heaviest is the `start` of what comes out: where components are small the highest may weigh next to nothing. The fit
            says what each weighs. `dataclasses.replace(start, rivals=())` keeps all chains at one.
        seed: of the chains' starts and moves.
        chains: how many, each started overdispersed around its mode.
        draws: kept draws a chain.
        warmup: transitions a chain that adapt step size and metric in Stan's windows, and are dropped. By default the rule of
            `adaptation.adaptation` chooses: 75 for the step size alone where the normal approximation at the mode is good, else
            500 in windows. The fit says which, and why.
        target_acceptance: 0 < · < 1; higher takes smaller steps.
        max_tree_depth: at most 2^depth leapfrog steps a draw.
        progress: called as it goes on; as in `fit`.

    Returns:
        Draws in the sampler's own labels. Ctrl-C during sampling returns the draws made so far, with a warning.

    Raises:
        InputError: an improper prior, arguments out of range, or a start that does not fit.
        FitError: no density to follow where the chains would begin.
    """
    check_arguments(chains, draws, warmup, target_acceptance, max_tree_depth)
    given, target, point = begun(mixture, data, start, seed=seed, progress=progress)
    began = time.monotonic()
    with watched(progress) as watching, one_blas_thread():
        found = weighed(target, point)
        sampler = prepared(target, found, target_acceptance, max_tree_depth)
        state, chosen, key = begun_chains(sampler, found, jax.random.key(seed), chains, warmup)
        records = run_chains(sampler, state, key, draws, chosen, watching)
    run = {"seed": seed, "draws_asked": draws, "optima": found if len(found.points) > 1 else None}
    made = collect(target, sampler, given.mixture, found.heaviest, chosen, records, seconds=time.monotonic() - began, **run)
    return replace(made, probe=probe(given, target, found, made.parameters, seed))


def check_arguments(chains: int, draws: int, warmup: int | None, target_acceptance: float, max_tree_depth: int) -> None:
    """Refuse settings that no run can have."""
    for name, value in (("chains", chains), ("draws", draws), ("max_tree_depth", max_tree_depth)):
        check_count(name, value)
    if warmup is not None:
        check_count("warmup", warmup, low=0)
    check_between("target_acceptance", target_acceptance, 0, 1)


def prepared(target: Posterior, found: Optima, target_acceptance: float, max_tree_depth: int) -> Sampler:
    """The density in coordinates whitened at the heaviest mode, or at the EM point where none is reached.

    Where EM collapsed, nor do Newton's steps lead to a mode: they go down the funnel in which a component closes in on a row.
    """
    mode, unconstrained = found.mode
    if reached(mode) and found.heaviest.status is not Status.ELSEWHERE:
        coordinates = Coordinates(unravelled(mode.position, unconstrained), mode.curvature.scale)
    else:
        coordinates = coordinates_at(target, unconstrained)
    moves = reassignment(target, coordinates, tuple(each.parameters for each in found.points))
    return Sampler(target, coordinates, np.asarray(target_acceptance), max_tree_depth, moves)


def begun_chains(sampler: Sampler, found: Optima, key: Array, chains: int, warmup: int | None) -> tuple[Chain, Adaptation, Array]:
    """Chains at their starts, the warm-up that they are given, and the key of their moves."""
    make_room()
    begun_at = found.dealt(chains)
    apart = np.unique(begun_at).size > 1
    doubts = doubts_before_looking(sampler, found.mode[0], found.heaviest)
    doubts += ["chains begin at several optima"] if apart else []
    number = 0 if doubts or warmup is not None else looks(sampler)
    somewhere = places(sampler, found, begun_at) if apart else None
    state, ratios, for_moves = begin_chains(sampler, key, chains, number, somewhere)
    check_begun(state)
    chosen = adaptation(doubts, np.asarray(ratios)) if warmup is None else asked_for(warmup)
    return state, chosen, for_moves


def segment_length(sampler: Sampler, chains: int) -> int:
    """Transitions between two looks at the clock, from what eight leapfrog steps of all chains cost."""
    rows, shape = sampler.posterior.rows.columns.shape[1], sampler.posterior.shape
    step = 8.0 * chains * rows * shape.components * (shape.features + 1) * (shape.features + 2) / 2
    return int(np.clip(NUMBERS_A_SEGMENT / step, 5, SEGMENT))


def run_chains(
    sampler: Sampler, state: Chain, key: Array, draws: int, chosen: Adaptation, progress: Progress
) -> dict[str, np.ndarray]:
    """Records of the kept transitions, (chains, draws, …).

    Ctrl-C while sampling keeps what is there; during warm-up there is nothing to keep and it is passed on.
    """
    length, total = segment_length(sampler, state.step_size.size), chosen.warmup + draws
    stages = schedule(chosen.warmup, draws + length, windowed=chosen.windowed)
    recorder = Recorder(chosen.warmup, draws)
    with Teams(sampler, state, key) as teams:
        for first in range(0, total, length):
            count = min(length, total - first)
            try:
                recorder.add(teams.advance(stages[first : first + length], first, count), count)
                recorder.report(progress)
            except KeyboardInterrupt:
                if not recorder.kept:
                    raise
                kept = f"{recorder.kept} of {draws} draws a chain were kept"
                warnings.warn(f"NUTS: interrupted; {kept}.", FitWarning, stacklevel=4)
                break
    return recorder.joined()


def check_begun(chains: Chain) -> None:
    """Refuse to go on from where the density cannot be followed."""
    if not all(np.isfinite(each).all() for each in jax.tree.leaves(chains.nuts)):
        raise FitError(
            "NUTS: the density or its gradient is not finite at the EM point: look for values far from all others, or give "
            "another start."
        )


def collect(
    target: Posterior,
    sampler: Sampler,
    mixture: Mixture,
    point: PointFit,
    chosen: Adaptation,
    records: dict[str, np.ndarray],
    **run: Any,
) -> NutsFit:
    """Positions as sites and parameters, beside the sampler's statistics."""
    unconstrained, sites, parameters = to_numpy(expand_positions(target, sampler, records.pop("position")))
    return NutsFit(
        mixture=mixture,
        parameters=parameters,
        sites=sites,
        unconstrained=unconstrained,
        sampler_statistics=records,
        start=point,
        max_tree_depth=sampler.max_tree_depth,
        warmup=chosen.warmup,
        windowed=chosen.windowed,
        warmup_reason=chosen.reason,
        normal_pareto_k=chosen.pareto_k,
        **run,
    )


@eqx.filter_jit
def expand_positions(target: Posterior, sampler: Sampler, positions: Array) -> tuple:
    """Unconstrained sites, sites and parameters of whitened positions (chains, draws, P)."""

    def one(position: Array) -> tuple:
        unconstrained = sampler.coordinates.unconstrained(position)
        sites = target.constrain(unconstrained)
        return unconstrained, sites, target.parameters(sites)

    return jax.lax.map(lambda chain: jax.vmap(one)(chain), positions)

"""`sample`: NUTS (Hoffman & Gelman 2014, jmlr.org/papers/v15/hoffman14a.html) from the EM point."""

import time
import warnings

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl.compiled import make_room, one_blas_thread
from gmm_ppl.errors import FitError, FitWarning
from gmm_ppl.inference.arguments import check_between, check_count
from gmm_ppl.inference.base import DrawsFit, PointFit
from gmm_ppl.inference.beginning import begun
from gmm_ppl.inference.coordinates import coordinates_at, starting_sites
from gmm_ppl.inference.warmup import Chain, Sampler, begin_chains, schedule, segment
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.model.specification import Mixture
from gmm_ppl.progress import Progress, watched
from gmm_ppl.types import Array, in_float64, to_numpy

SEGMENT = 50
"""Transitions between two looks at the clock and the keyboard; a multiple of it is run, and the surplus dropped."""


@in_float64
def sample(
    mixture: Mixture,
    data: object,
    *,
    start: PointFit | None = None,
    seed: int = 0,
    chains: int = 4,
    draws: int = 1000,
    warmup: int = 500,
    target_acceptance: float = 0.9,
    max_tree_depth: int = 10,
    progress: Progress | None = None,
) -> DrawsFit:
    """Posterior draws by NUTS, in coordinates centred on and whitened at the EM point.

    Args:
        mixture: the specification; its prior must be proper.
        data: rows (N, D), in any form that `fit` takes.
        start: an EM fit to start from; by default one is made with the same seed.
        seed: of the chains' starts and moves.
        chains: how many, run as one vectorised program, started overdispersed around the mode.
        draws: kept draws a chain.
        warmup: transitions a chain that adapt step size and metric (Stan's windows), and are dropped.
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
    resolved, target, point = begun(mixture, data, start, seed=seed, progress=progress)
    began = time.monotonic()
    sampler = make_sampler(target, point, target_acceptance, max_tree_depth)
    with watched(progress) as watching, one_blas_thread():
        records = run_chains(sampler, jax.random.key(seed), chains, warmup, draws, watching)
    return collect(target, sampler, resolved, point, records, seconds=time.monotonic() - began, seed=seed)


def check_arguments(chains: int, draws: int, warmup: int, target_acceptance: float, max_tree_depth: int) -> None:
    """Refuse settings that no run can have."""
    for name, value in (("chains", chains), ("draws", draws), ("max_tree_depth", max_tree_depth)):
        check_count(name, value)
    check_count("warmup", warmup, low=0)
    check_between("target_acceptance", target_acceptance, 0, 1)


def make_sampler(target: Posterior, point: PointFit, target_acceptance: float, max_tree_depth: int) -> Sampler:
    """The density in coordinates whitened at the EM point."""
    return Sampler(target, coordinates_at(target, starting_sites(target, point)), target_acceptance, max_tree_depth)


def run_chains(sampler: Sampler, key: Array, chains: int, warmup: int, draws: int, progress: Progress) -> dict[str, np.ndarray]:
    """Records of the kept transitions, (chains, draws, …).

    Ctrl-C while sampling keeps what is there; during warm-up there is nothing to keep and it is passed on.
    """
    make_room()
    for_starts, for_moves = jax.random.split(key)
    state = begin_chains(sampler, jax.random.split(for_starts, chains))
    check_begun(state)
    total = -(-(warmup + draws) // SEGMENT) * SEGMENT
    stages = jnp.asarray(schedule(warmup, total - warmup))
    keys = jax.random.split(for_moves, (total // SEGMENT, chains, SEGMENT))
    records: list[dict[str, np.ndarray]] = []
    for index, each in enumerate(keys):
        try:
            state, record = segment(sampler, state, each, stages[index * SEGMENT : (index + 1) * SEGMENT])
            records.append(to_numpy(record))
            report(records, warmup, warmup + draws, progress)
        except KeyboardInterrupt:
            kept = min(len(records) * SEGMENT - warmup, draws)
            if kept <= 0:
                raise
            warnings.warn(f"NUTS: interrupted; {kept} of {draws} draws a chain were kept.", FitWarning, stacklevel=4)
            break
    joined = {name: np.concatenate([record[name] for record in records], axis=1) for name in records[0]}
    return {name: values[:, warmup : warmup + draws] for name, values in joined.items()}


def check_begun(chains: Chain) -> None:
    """Refuse to go on from where the density cannot be followed."""
    if not all(np.isfinite(each).all() for each in jax.tree.leaves(chains.nuts)):
        raise FitError(
            "NUTS: the density or its gradient is not finite at the EM point: look for values far from all others, or give "
            "another start."
        )


def report(records: list[dict[str, np.ndarray]], warmup: int, total: int, progress: Progress) -> None:
    """Transitions done, and divergences since warm-up ended."""
    done = min(len(records) * SEGMENT, total)
    divergences = np.concatenate([record["diverging"] for record in records], axis=1)[:, warmup:total].sum()
    note = "warm-up" if done <= warmup else f"sampling, {divergences} divergences"
    progress("NUTS", done, total, note)


def collect(
    target: Posterior,
    sampler: Sampler,
    mixture: Mixture,
    point: PointFit,
    records: dict[str, np.ndarray],
    *,
    seconds: float,
    seed: int,
) -> DrawsFit:
    """Positions as sites and parameters, beside the sampler's statistics."""
    unconstrained, sites, parameters = to_numpy(expand_positions(target, sampler, jnp.asarray(records.pop("position"))))
    return DrawsFit(mixture, parameters, sites, unconstrained, records, point, seconds, seed, sampler.max_tree_depth)


@eqx.filter_jit
def expand_positions(target: Posterior, sampler: Sampler, positions: Array) -> tuple:
    """Unconstrained sites, sites and parameters of whitened positions (chains, draws, P)."""

    def one(position: Array) -> tuple:
        unconstrained = sampler.coordinates.unconstrained(position)
        sites = target.constrain(unconstrained)
        return unconstrained, sites, target.parameters(sites)

    return jax.lax.map(lambda chain: jax.vmap(one)(chain), positions)

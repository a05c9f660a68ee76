"""`temper`: tempered sequential Monte Carlo from the prior to the posterior, which needs no start and gives the evidence."""

import time

import jax
import numpy as np
from scipy.stats import chi2

from gmm_ppl.compiled import make_room, one_blas_thread
from gmm_ppl.errors import FitError
from gmm_ppl.inference.arguments import check_between, check_count
from gmm_ppl.inference.base import PointFit, TemperedFit
from gmm_ppl.inference.beginning import begun
from gmm_ppl.inference.mode.coordinates import check_start
from gmm_ppl.inference.smc.population import Population, advance_all, begin_all, expanded
from gmm_ppl.inference.smc.tempering import Tempering
from gmm_ppl.model.specification import Mixture
from gmm_ppl.priors.labels import why_labels_matter
from gmm_ppl.progress import Progress, watched
from gmm_ppl.types import Array, in_float64, to_numpy

FEWEST_DRAWS = 10
"""Particles below which a run has no variances to scale its moves to."""

BEYOND_CHANCE = 0.01
"""Probability that runs lie as far apart by chance, below which their spread is believed rather than what each says of itself."""


@in_float64
def temper(
    mixture: Mixture,
    data: object,
    *,
    start: PointFit | None = None,
    seed: int = 0,
    chains: int = 4,
    draws: int = 1000,
    moves: int = 4,
    target_ess: float = 0.5,
    progress: Progress | None = None,
) -> TemperedFit:
    """Posterior draws and evidence by adaptive tempered sequential Monte Carlo (Neal 2001, doi:10.1023/A:1008923215028; Del
    Moral, Doucet & Jasra 2006, doi:10.1111/j.1467-9868.2006.00553.x).

    Particles drawn from the prior pass through p(u) p(x | u)^β with β from 0 to 1. Each step takes the β at which their weights
    p(x | u)^Δβ have the effective size asked for, draws particles anew by weight, and moves them by Hamiltonian Monte Carlo
    scaled to their covariance, again and again until they have moved (Buchholz, Chopin & Jacob 2021, doi:10.1214/20-BA1222), up
    to eight times `moves`. All states on the way are particles of the next step (waste-free: Dau & Chopin 2022,
    doi:10.1111/rssb.12475). Particles divide between modes as the posterior does, where a chain may stay in the mode that it was
    started in.

        log evidence ≈ log mean over runs of Π_t mean over particles of p(x | u_t)^Δβ_t

    No K! is missing: the prior that particles are drawn from covers every labelling. Where it treats components alike, particles
    move with their components numbered by their means, as one of K! copies of the posterior, which the evidence is the same for,
    and draws get labels at random in the end. The error of the evidence is that of `combined`.

    Args:
        mixture: the specification; its prior must be proper.
        data: rows (N, D), in any form that `fit` takes.
        start: an EM fit that labels are settled against; particles do not start there. By default one is made with the
            same seed.
        seed: of particles and moves.
        chains: independent runs, whose disagreement shows in the Monte-Carlo error.
        draws: particles a run, which are its draws. Neighbours share ancestors, so effective sample sizes count families.
        moves: Hamiltonian moves of a particle in a row, whose states are all kept; repeated until particles have moved.
        target_ess: 0 < · < 1, effective share of the particles after weighting; higher takes more temperatures.
        progress: called at each temperature; as in `fit`.

    Returns:
        Draws in labels of their own, equally weighted. Ctrl-C is passed on: before the last temperature no particle is a draw
        from the posterior.

    Raises:
        InputError: an improper prior, arguments out of range, or a start that is no fit of this mixture.
        FitError: no particle has a finite density.
    """
    check_arguments(chains, draws, moves, target_ess)
    given, target, point = begun(mixture, data, start, seed=seed, progress=progress)
    check_start(target, point)
    began = time.monotonic()
    make_room()
    with watched(progress) as watching, one_blas_thread():
        alike = mixture.components > 1 and not why_labels_matter(given.prior)
        tempering = Tempering(target, target_ess, moves, alike)
        for_run, for_labels = jax.random.split(jax.random.key(seed))
        population, path = run(tempering, for_run, chains, draws, watching)
        labels = jax.random.split(for_labels, (chains, draws))
        found = to_numpy((population, expanded(tempering, population.position[:, :, -1], labels)))
    return collect(given.mixture, point, *found, path, seconds=time.monotonic() - began, seed=seed)


def check_arguments(chains: int, draws: int, moves: int, target_ess: float) -> None:
    """Refuse settings that no run can have."""
    check_count("chains", chains)
    check_count("draws", draws, low=FEWEST_DRAWS)
    check_count("moves", moves)
    check_between("target_ess", target_ess, 0, 1)


def run(
    tempering: Tempering, key: Array, chains: int, draws: int, progress: Progress
) -> tuple[Population, dict[str, np.ndarray]]:
    """Every run's particles at a temperature of 1, and its path there, (chains, T)."""
    for_prior, key = jax.random.split(key)
    population = begin_all(tempering, jax.random.split(for_prior, chains), draws)
    path: list[dict[str, np.ndarray]] = []
    arrived = False
    # Once more after the last temperature: moves alone, which part particles that were drawn twice.
    while not arrived:
        arrived = bool((np.asarray(population.temperature) >= 1).all())
        key, each = jax.random.split(key)
        population, record = advance_all(tempering, population, jax.random.split(each, chains))
        path.append(to_numpy(record))
        check_going(path[-1])
        progress("Tempering", len(path), 0, note(path[-1]))
    return population, {name: np.stack([record[name] for record in path], axis=1) for name in path[0]}


def note(record: dict[str, np.ndarray]) -> str:
    """Where the coldest run is."""
    return f"temperature {record['temperature'].min():.3g} of 1, acceptance {record['acceptance_rate'].mean():.2f}"


def check_going(record: dict[str, np.ndarray]) -> None:
    """Refuse to go on where weights are not numbers."""
    if not all(np.isfinite(record[name]).all() for name in ("temperature", "ess")):
        raise FitError(
            "temper: no draw from the prior has a finite density: look for values far from all others, or state a prior in the "
            "units of the data."
        )


def collect(
    mixture: Mixture,
    point: PointFit,
    population: Population,
    draws: tuple,
    path: dict[str, np.ndarray],
    *,
    seconds: float,
    seed: int,
) -> TemperedFit:
    """Particles as draws, beside the evidence and the way they went."""
    unconstrained, sites, parameters, log_density = draws
    related = kinship(population.root)
    evidence, error = combined(population.log_evidence, related)
    return TemperedFit(
        mixture=mixture,
        parameters=parameters,
        sites=sites,
        unconstrained=unconstrained,
        sampler_statistics={
            "lp": log_density,
            "log_evidence": population.log_evidence,
            "temperatures": (path["temperature"] < 1).sum(axis=1) + 1,
            "ancestors": np.array([np.unique(roots).size for roots in population.root]),
            "effective_particles": 1 / np.maximum(related, 1 / population.root.shape[1]),
        },
        start=point,
        seconds=seconds,
        seed=seed,
        log_evidence=evidence,
        log_evidence_error=error,
        path=path,
    )


def kinship(root: np.ndarray) -> np.ndarray:
    """For each run the chance that two different particles descend from one draw of the prior; `root` (chains, M) names it."""
    sizes = np.array([np.bincount(each, minlength=each.size) for each in root])
    return (sizes * (sizes - 1)).sum(axis=1) / (root.shape[1] * (root.shape[1] - 1))


def combined(log_evidence: np.ndarray, related: np.ndarray) -> tuple[float, float]:
    """Log mean of the runs' evidence, whose mean is unbiased where its logarithm's is not, and its standard error, in nats.

    Two sources tell the variance of a run's logarithm. Within a run it is −log(1 − r), where r is the chance that two particles
    are `related` (`kinship`): 1 − r estimates (E Z)² / E Z² of evidence Z (Lee & Whiteley 2018, doi:10.1093/biomet/asy028, who
    prove it for multinomial resampling; Chan & Lai 2013, doi:10.1214/13-AOS1172), and of a lognormal Z that ratio is
    exp(−variance). It is infinite where every particle has one ancestor. Between R runs it is their own variance, of R − 1
    degrees of freedom, which alone would make ± 2 errors of four runs hold the truth 86 times in a hundred: it is taken where it
    is larger than the first explains, beyond the 99 % point of χ² / (R − 1).

    The error is the deviation over the root of how many runs the mean is of in effect, (Σ Z)² / Σ Z²: where runs are hundreds of
    nats apart the mean is the highest run, and the delta method's error could not be above 1.
    """
    highest = log_evidence.max()
    relative = np.exp(log_evidence - highest)
    effective = relative.sum() ** 2 / (relative**2).sum()
    return float(highest + np.log(relative.mean())), float(np.sqrt(variance_of_run(log_evidence, related) / effective))


def variance_of_run(log_evidence: np.ndarray, related: np.ndarray) -> float:
    """Of a run's log evidence, in nats², as `combined` says."""
    strangers = 1 - related.mean()
    within = -np.log(strangers) if strangers > 0 else np.inf
    freedom = log_evidence.size - 1
    if not freedom:
        return within
    between = log_evidence.var(ddof=1)
    return between if between > within * chi2.isf(BEYOND_CHANCE, freedom) / freedom else within

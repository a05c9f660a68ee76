"""`optima`: the distinct optima that EM's starts end in, with what each weighs; where chains may begin, one in each."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from scipy.stats import norm

from gmm_ppl.data.wording import joined
from gmm_ppl.errors import FitError
from gmm_ppl.inference.arguments import check_count, check_seed
from gmm_ppl.inference.base import PointFit
from gmm_ppl.inference.em.fit import fit_prepared
from gmm_ppl.inference.mode.climb import mode_above, reached
from gmm_ppl.inference.mode.coordinates import check_start
from gmm_ppl.inference.mode.laplace import log_labellings
from gmm_ppl.inference.mode.newton import Mode
from gmm_ppl.inference.nuts.warmup import Places, Sampler
from gmm_ppl.inference.prepared import check_proper, prepare
from gmm_ppl.model.posterior import Posterior, posterior_of
from gmm_ppl.model.specification import Mixture
from gmm_ppl.priors.base import Sites
from gmm_ppl.progress import Progress
from gmm_ppl.types import Int, in_float64, to_numpy

LIGHTEST = 0.01
"""Relative evidence below which an optimum is given no chain of its own."""


@dataclass(frozen=True, eq=False)
class Optima:
    """M distinct optima of EM, the highest objective first.

    `points` are EM fits, one for each; `starts` (M,) is how many starts ended there. `log_evidence` (M,) is that of the normal
    law at the posterior's mode above each, in nats, every labelling counted: what the optimum contributes to the evidence, as far
    as its curvature tells; −∞ where Newton's steps came to no mode. `weight` (M,) are the shares of their sum.
    """

    points: tuple[PointFit, ...]
    starts: np.ndarray
    log_evidence: np.ndarray
    weight: np.ndarray
    modes: tuple[tuple[Mode, Sites], ...]

    @property
    def heaviest(self) -> PointFit:
        """The optimum with the most evidence, which need not be the highest."""
        return self.points[int(np.argmax(self.weight))]

    @property
    def mode(self) -> tuple[Mode, Sites]:
        """The posterior's mode above the heaviest."""
        return self.modes[int(np.argmax(self.weight))]

    def dealt(self, chains: int) -> np.ndarray:
        """Which optimum each chain begins at (chains,): one at each of weight, the heaviest first, then in proportion."""
        order = np.argsort(-self.weight, kind="stable")
        given = np.zeros(len(self.points), dtype=int)
        worth = [place for place in order if self.weight[place] >= LIGHTEST]
        for place in worth[:chains]:
            given[place] = 1
        for _ in range(chains - given.sum()):
            # Whoever is furthest below its share (Jefferson's rule).
            given[np.argmax(self.weight / (given + 1))] += 1
        return np.repeat(np.arange(given.size), given)

    def sentence(self, begun_at: np.ndarray) -> str:
        """Which chains began where, and what the optima weigh."""
        if len(self.points) == 1:
            return "EM's starts found one optimum, and all chains began there"
        used = np.unique(begun_at)
        words = [f"{(begun_at == place).sum()} at optimum {place} (relative evidence {self.weight[place]:.2g})" for place in used]
        return f"of the {len(self.points)} optima that EM's starts found, chains began {joined(words)}"


@in_float64
def optima(
    mixture: Mixture,
    data: object,
    *,
    seed: int = 0,
    starts: int = 20,
    start: object = "several",
    progress: Progress | None = None,
) -> Optima:
    """Every distinct optimum that EM's starts end in, up to eight, with its evidence.

    The evidence of optimum m is that of the normal law at the posterior's mode above it,

        log Z_m ≈ log p(x, û_m) + P/2 log 2π + ½ log |−H_m⁻¹| + log K!       (Tierney & Kadane 1986, doi:10.2307/2287970),

    a statement about the optima alone: where the posterior is not normal about them, `temper` weighs the modes themselves.

    Args:
        mixture: the specification; its prior must be proper.
        data: rows (N, D), in any form that `fit` takes.
        seed, starts, start: of EM, as in `fit`.
        progress: called as EM goes on; as in `fit`.

    Raises:
        InputError: an improper prior, data or arguments that cannot be used.
        FitError: no start gave finite parameters.
    """
    check_count("starts", starts)
    check_seed(seed)
    prepared = prepare(mixture, data)
    check_proper(prepared.mixture)
    found = fit_prepared(prepared, start=start, starts=starts, seed=seed, options={}, progress=progress)
    if not found.status.usable:
        raise FitError(f"EM: {found.status.value}")
    return weighed(posterior_of(prepared.mixture, prepared.rows), found)


def weighed(target: Posterior, point: PointFit) -> Optima:
    """A fit's optima with the evidence of the normal law above each; those at the edge of the simplex have none."""
    check_start(target, point)
    points = tuple(each for each in (point, *point.rivals) if not each.empty) or (point,)
    found = [evidence_above(target, each) for each in points]
    evidence, modes = np.array([each for each, _ in found]), tuple(mode for _, mode in found)
    largest = evidence.max()
    raw = np.exp(evidence - largest) if np.isfinite(largest) else np.eye(len(points))[0]
    starts = np.array([number_of_starts(point, each) for each in points])
    return Optima(points, starts, evidence, raw / raw.sum(), to_numpy(modes))


def evidence_above(target: Posterior, point: PointFit) -> tuple[float, tuple[Mode, Sites]]:
    """Log evidence of the normal law at the posterior's mode above a point, every labelling counted, and that mode; −∞ where
    Newton's steps came to none.
    """
    mode, sites = mode_above(target, point)
    return (log_evidence(mode) + log_labellings(point.mixture) if reached(mode) else -np.inf), (mode, sites)


def number_of_starts(point: PointFit, optimum: PointFit) -> int:
    """How many starts ended in one of a fit's optima."""
    restarts = point.restarts
    alike = restarts.objective == optimum.objective
    return int((restarts.optimum == restarts.optimum[alike][0]).sum()) if alike.any() else 1


def log_evidence(mode: Mode) -> float:
    """Log ∫ of the normal curve through a mode, in nats, of one labelling."""
    return float(mode.log_density + mode.curvature.log_volume - mode.position.size * norm.logpdf(0))


def places(sampler: Sampler, found: Optima, begun_at: Int[np.ndarray, " C"]) -> Places | None:
    """Where chains begin, in the sampler's coordinates, and how noise there is turned; None where there is no mode."""
    if not np.isfinite(found.log_evidence).any():
        return None
    centre = ravel_pytree(sampler.coordinates.centre)[0]
    scale = np.asarray(sampler.coordinates.scale)
    modes = [found.modes[place][0] for place in begun_at]
    away = np.stack([mode.position - centre for mode in modes])
    turns = np.stack([mode.curvature.scale for mode in modes])
    if scale.ndim == 1:
        return Places(jnp.asarray(away / scale), jnp.asarray(turns / scale))
    return Places(
        jnp.asarray(np.linalg.solve(scale, away.T).T), jnp.asarray(jax.vmap(lambda each: jnp.linalg.solve(scale, each))(turns))
    )

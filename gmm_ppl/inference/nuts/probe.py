"""Modes where no chain has been, looked for from the draws.

R-hat sees chains in different modes, and nothing that looks at chains alone sees a mode where none is. Components of draws are
therefore split and merged, as in the search for EM's starts, and EM goes on from there. Optima that no start of EM ended in are
weighed against those that are known; one that weighs something is missed where none of the draws nearest to it climbs to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from gmm_ppl.inference.base import PointFit
from gmm_ppl.inference.em.engine import Climbs, Engine, joined
from gmm_ppl.inference.em.restarts import SAME_OPTIMUM, firsts, in_order, point_of_start, summarise
from gmm_ppl.inference.em.search import FOLLOWED, beginnings, ends_of_proposals
from gmm_ppl.inference.optima import LIGHTEST, Optima, evidence_above
from gmm_ppl.inference.prepared import Prepared
from gmm_ppl.mixture.density import responsibilities
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.base import AbstractDirectPrior
from gmm_ppl.progress import silent
from gmm_ppl.records import map_arrays
from gmm_ppl.types import Float

FOLLOWED_DRAWS = 20
"""Draws that are followed to their optimum by EM."""

SPLIT_DRAWS = 3
"""Draws whose components are split and merged."""

WEIGHED = 4
"""New optima, the highest, whose evidence is worked out."""

NEAREST = 20
"""Draws, of all those whose memberships are most like an optimum's, that are followed where it weighs something."""


@dataclass(frozen=True, eq=False)
class Probe:
    """What splits and merges of draws led to.

    `missed` are optima with more than a hundredth of the evidence where no draw and no start had been, the heaviest first, and
    `weights` their shares of the evidence of all optima that are known. `higher` is an optimum above EM's best, None where there
    is none, `gain` by how many nats.
    """

    missed: tuple[PointFit, ...]
    weights: tuple[float, ...]
    higher: PointFit | None
    gain: float

    @property
    def weight(self) -> float:
        """The share of the heaviest that was missed; 0 where none was."""
        return max(self.weights, default=0.0)


def probe(prepared: Prepared, target: Posterior, found: Optima, draws: MixtureParameters, seed: int) -> Probe | None:
    """Splits and merges of draws (chain, draw, …); None where rows are many or EM has no M-step in closed form."""
    if not (target.short and isinstance(prepared.prior, AbstractDirectPrior)) or prepared.shape.components == 1:
        return None
    bounded = prepared.of(replace(prepared.mixture, prior=prepared.prior.with_mode()))
    ends = ends_from(bounded, spaced(draws, FOLLOWED_DRAWS), spaced(draws, SPLIT_DRAWS), seed)
    restarts = summarise(ends, float(prepared.rows.total), ("draw",) * len(ends.status))
    same = SAME_OPTIMUM * float(prepared.rows.total)
    top = max(found.points[0].objective, found.heaviest.objective)
    regular = [place for place in firsts(restarts.optimum) if not ends.spurious[place]]
    points = {place: in_order(point_of_start(bounded, ends, restarts, place)) for place in regular}
    higher = next((points[place] for place in regular if points[place].objective > top + same), None)
    visited = set(restarts.optimum[:FOLLOWED_DRAWS].tolist())
    known = np.array([each.objective for each in found.points])
    new = [
        points[at] for at in regular if restarts.optimum[at] not in visited and np.abs(known - points[at].objective).min() > same
    ]
    shares = shares_of(target, found, [each for each in new if not each.empty][:WEIGHED])
    missed = [(each, share) for each, share in shares if share > LIGHTEST and not was_visited(bounded, draws, each, same)]
    return Probe(
        tuple(each for each, _ in missed), tuple(share for _, share in missed), higher, higher.objective - top if higher else 0.0
    )


def was_visited(prepared: Prepared, draws: MixtureParameters, optimum: PointFit, same: float) -> bool:
    """Whether one of the draws with memberships most like an optimum's climbs to it."""
    flat, x = spaced(draws, draws.weights[..., 0].size), np.asarray(prepared.rows.x)
    wanted = responsibilities(x, optimum.parameters)
    alike = [likeness(responsibilities(x, each), wanted) for each in unstacked(flat)]
    nearest = np.argsort(alike)[-NEAREST:]
    engine = Engine.of(prepared, lanes=NEAREST)
    inner, near = engine.inner, map_arrays(lambda leaf: leaf[nearest], flat)
    ends = inner.climb(replace(near, means=near.means - engine.offset + inner.offset), progress=silent)
    return bool((np.abs(ends.objective - optimum.objective) <= same).any())


def likeness(memberships: Float[np.ndarray, "N K"], others: Float[np.ndarray, "N K"]) -> float:
    """Σ_i Σ_k γ_ik γ'_i,σ(k) in the labelling σ in which it is largest."""
    together = memberships.T @ others
    return float(together[linear_sum_assignment(together, maximize=True)].sum())


def ends_from(prepared: Prepared, followed: MixtureParameters, split: MixtureParameters, seed: int) -> Climbs:
    """Where EM ends from draws, and from splits and merges of some."""
    engine = Engine.of(prepared, lanes=SPLIT_DRAWS * FOLLOWED)
    inner = engine.inner
    offset = engine.offset - inner.offset
    near = [replace(each, means=each.means - offset) for each in (followed, split)]
    ends = inner.climb(near[0], progress=silent)
    groups = ends_of_proposals(inner, beginnings(inner, seed), near[1], np.random.default_rng([seed, 2]))
    return joined(ends, *groups).moved(offset)


def spaced(draws: MixtureParameters, many: int) -> MixtureParameters:
    """So many draws, evenly spaced over all chains."""
    flat = map_arrays(lambda leaf: np.asarray(leaf).reshape(-1, *leaf.shape[2:]), draws)
    chosen = np.linspace(0, len(flat.weights) - 1, many).round().astype(int)
    return map_arrays(lambda leaf: leaf[chosen], flat)


def unstacked(draws: MixtureParameters) -> Iterator[MixtureParameters]:
    """Draws (S, …), one by one."""
    return (map_arrays(lambda leaf, at=at: leaf[at], draws) for at in range(len(draws.weights)))


def shares_of(target: Posterior, found: Optima, new: list[PointFit]) -> list[tuple[PointFit, float]]:
    """New optima, the heaviest first, and their shares of the evidence of all."""
    evidence = np.array([evidence_above(target, each)[0] for each in new])
    everything = np.logaddexp.reduce([*found.log_evidence, *evidence])
    shares = np.exp(evidence - everything) if np.isfinite(everything) else np.zeros(len(new))
    return [(new[place], float(shares[place])) for place in np.argsort(-shares, kind="stable")]

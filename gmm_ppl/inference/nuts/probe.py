"""Modes where no chain has been, looked for from the draws.

R-hat sees chains in different modes, and nothing that looks at chains alone sees a mode where none is. Components of draws are
therefore split and merged, as in the search for EM's starts, and EM goes on from there: optima that no draw climbs to, and that
no start of EM ended in, are weighed against those that are known.
"""

from dataclasses import dataclass, replace

import numpy as np

from gmm_ppl.inference.base import PointFit
from gmm_ppl.inference.em.engine import Climbs, Engine, joined
from gmm_ppl.inference.em.restarts import SAME_OPTIMUM, firsts, in_order, point_of_start, summarise
from gmm_ppl.inference.em.search import FOLLOWED, beginnings, ends_of_proposals
from gmm_ppl.inference.optima import Optima, evidence_above
from gmm_ppl.inference.prepared import Prepared
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.base import AbstractDirectPrior
from gmm_ppl.progress import silent
from gmm_ppl.records import map_arrays

FOLLOWED_DRAWS = 20
"""Draws that are followed to their optimum by EM."""

SPLIT_DRAWS = 3
"""Draws whose components are split and merged."""

WEIGHED = 4
"""New optima, the highest, whose evidence is worked out."""


@dataclass(frozen=True, eq=False)
class Probe:
    """What splits and merges of draws led to.

    `missed` is the heaviest optimum where no draw and no start had been, `weight` its share of the evidence of all optima that
    are known; None and 0 where there is none. `higher` is an optimum above EM's best, `gain` by how many nats.
    """

    missed: PointFit | None
    weight: float
    higher: PointFit | None
    gain: float


def probe(prepared: Prepared, target: Posterior, found: Optima, draws: MixtureParameters, seed: int) -> Probe | None:
    """Splits and merges of draws (chain, draw, …); None where rows are many or EM has no M-step in closed form."""
    if not (target.short and isinstance(prepared.prior, AbstractDirectPrior)) or prepared.shape.components == 1:
        return None
    bounded = prepared.of(replace(prepared.mixture, prior=prepared.prior.with_mode()))
    ends = ends_from(bounded, spaced(draws, FOLLOWED_DRAWS), spaced(draws, SPLIT_DRAWS), seed)
    restarts = summarise(ends, float(prepared.rows.total), ("draw",) * len(ends.status))
    same = SAME_OPTIMUM * float(prepared.rows.total)
    top = max(each.objective for each in found.points)
    regular = [place for place in firsts(restarts.optimum) if not ends.spurious[place]]
    points = {place: in_order(point_of_start(bounded, ends, restarts, place)) for place in regular}
    higher = next((points[place] for place in regular if points[place].objective > top + same), None)
    visited = set(restarts.optimum[:FOLLOWED_DRAWS].tolist())
    known = np.array([each.objective for each in found.points])
    new = [
        points[at] for at in regular if restarts.optimum[at] not in visited and np.abs(known - points[at].objective).min() > same
    ]
    missed, weight = heaviest(target, found, [each for each in new if not each.empty][:WEIGHED])
    return Probe(missed, weight, higher, higher.objective - top if higher else 0.0)


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


def heaviest(target: Posterior, found: Optima, new: list[PointFit]) -> tuple[PointFit | None, float]:
    """The new optimum with the most evidence, and its share of all."""
    evidence = np.array([evidence_above(target, each)[0] for each in new])
    if not np.isfinite(evidence).any():
        return None, 0.0
    best = int(evidence.argmax())
    everything = np.logaddexp.reduce([*found.log_evidence, *evidence])
    return new[best], float(np.exp(evidence[best] - everything))

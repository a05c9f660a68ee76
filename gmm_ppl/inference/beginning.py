"""What every engine that goes on from an EM point begins with: checked data, a proper prior, and the point."""

from dataclasses import replace

import numpy as np

from gmm_ppl.inference.arguments import check_seed
from gmm_ppl.inference.base import Caution, PointFit, check_unweighted
from gmm_ppl.inference.em.engine import Engine
from gmm_ppl.inference.em.fit import fit_prepared
from gmm_ppl.inference.em.restarts import announced
from gmm_ppl.inference.em.search import SEVERAL
from gmm_ppl.inference.prepared import Prepared, check_proper, prepare
from gmm_ppl.inference.status import Status
from gmm_ppl.model.posterior import Posterior, posterior_of
from gmm_ppl.model.specification import Mixture, resolved_prior
from gmm_ppl.priors.base import AbstractDirectPrior
from gmm_ppl.progress import Progress
from gmm_ppl.records import map_arrays

STARTS = 20
"""As many as `fit` makes by default."""

HELD = {"kind": "conjugate", "concentration": 2}
"""The weak prior with a concentration above 1: under it every weight and every variance of a mode is above 0."""


def begun(
    mixture: Mixture, data: object, start: PointFit | None, *, seed: int, progress: Progress | None
) -> tuple[Prepared, Posterior, PointFit]:
    """The mixture with all its numbers and its rows, its posterior, and the EM fit to start from, made with `seed` where none is
    given.

    A proper prior whose density has no maximum away from the edge leaves EM nothing to end at, and has a posterior all the same:
    `held_mode` then is where to start, and its status says so.
    """
    check_seed(seed)
    prepared = prepare(mixture, data)
    check_proper(prepared.mixture)
    check_unweighted(start, "start")
    # A prior with infinite density at the edge of the simplex has a posterior, but no mode to begin at.
    near = prepared.of(replace(prepared.mixture, prior=prepared.prior.with_mode()))
    found = best(near, seed, progress) if start is None else start
    if at_the_edge(found, near):
        found = held_mode(near, seed, progress)
    return prepared, posterior_of(prepared.mixture, prepared.rows), found if found is start else announced(found)


def fitted(prepared: Prepared, *, seed: int, progress: Progress | None) -> PointFit:
    """What `fit` answers with if it is asked for nothing else, of rows that are prepared already."""
    return announced(best(prepared, seed, progress))


def best(prepared: Prepared, seed: int, progress: Progress | None) -> PointFit:
    """`fitted`, before any warning."""
    return fit_prepared(prepared, start=SEVERAL, starts=STARTS, seed=seed, options={}, progress=progress)


def at_the_edge(found: PointFit, prepared: Prepared) -> bool:
    """Whether EM under a proper prior came to no point inside the parameters' domain."""
    if not isinstance(found, PointFit) or found.parameters.shape != prepared.shape:
        return False
    return resolved_prior(found.mixture).proper and (found.status is Status.COLLAPSED or bool(found.empty))


def held_mode(prepared: Prepared, seed: int, progress: Progress | None) -> PointFit:
    """The mode under `HELD`, with the sites of the prior that is sampled."""
    held = best(prepared.of(replace(prepared.mixture, prior=HELD)), seed, progress)
    finding, advice = Status.ELSEWHERE.value.split(": ")
    said = Caution("EM collapsed", f"{finding}.", f"{advice[:1].upper()}{advice[1:]}")
    return replace(held, status=Status.ELSEWHERE, cautions=(said,), sites=sites_at(prepared, held), rivals=())


def sites_at(prepared: Prepared, point: PointFit) -> dict[str, np.ndarray]:
    """Sites of the prior's program at the parameters of a point; near them where they are none of its sites."""
    if isinstance(prepared.prior, AbstractDirectPrior):
        return point.parameters.sites
    method = Engine.of(prepared, lanes=1).method
    return map_arrays(lambda leaf: leaf[0], method.position(map_arrays(lambda leaf: leaf[None], point.parameters)))

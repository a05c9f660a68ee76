"""What every engine that goes on from an EM point begins with: checked data, a proper prior, and the point."""

from dataclasses import replace

from gmm_ppl.inference.arguments import check_seed
from gmm_ppl.inference.base import PointFit, check_unweighted
from gmm_ppl.inference.em.fit import fit_prepared
from gmm_ppl.inference.em.restarts import announced
from gmm_ppl.inference.em.search import SEVERAL
from gmm_ppl.inference.prepared import Prepared, check_proper, prepare
from gmm_ppl.model.posterior import Posterior, posterior_of
from gmm_ppl.model.specification import Mixture
from gmm_ppl.progress import Progress

STARTS = 20
"""As many as `fit` makes by default."""


def begun(
    mixture: Mixture, data: object, start: PointFit | None, *, seed: int, progress: Progress | None
) -> tuple[Mixture, Posterior, PointFit]:
    """The mixture with all its numbers, its posterior, and the EM fit to start from, made with `seed` where none is given."""
    check_seed(seed)
    prepared = prepare(mixture, data)
    check_proper(prepared.mixture)
    check_unweighted(start, "start")
    # A prior with infinite density at the edge of the simplex has a posterior, but no mode to begin at.
    nearest = replace(prepared.mixture, prior=prepared.prior.with_mode())
    point = fitted(prepared.of(nearest), seed=seed, progress=progress) if start is None else start
    return prepared.mixture, posterior_of(prepared.mixture, prepared.rows), point


def fitted(prepared: Prepared, *, seed: int, progress: Progress | None) -> PointFit:
    """What `fit` answers with if it is asked for nothing else, of rows that are prepared already."""
    return announced(fit_prepared(prepared, start=SEVERAL, starts=STARTS, seed=seed, options={}, progress=progress))

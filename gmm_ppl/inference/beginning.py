"""What every engine that goes on from an EM point begins with: checked data, a proper prior, and the point."""

from gmm_ppl.data.tables import as_table
from gmm_ppl.errors import InputError
from gmm_ppl.inference.base import PointFit, check_unweighted
from gmm_ppl.inference.fit import fit
from gmm_ppl.model.posterior import Posterior, posterior
from gmm_ppl.model.specification import Mixture, resolved_prior
from gmm_ppl.progress import Progress


def begun(
    mixture: Mixture, data: object, start: PointFit | None, *, seed: int, progress: Progress | None
) -> tuple[Mixture, Posterior, PointFit]:
    """The mixture with all its numbers, its posterior, and the EM fit to start from, made with `seed` where none is given."""
    table = as_table(data)
    resolved = mixture.resolve(table.values)
    check_proper(resolved)
    check_unweighted(start, "start")
    point = fit(mixture, table, seed=seed, progress=progress) if start is None else start
    return resolved, posterior(resolved, table), point


def check_proper(mixture: Mixture) -> None:
    """Refuse a prior under which there is no posterior."""
    if not resolved_prior(mixture).proper:
        raise InputError(
            "A mixture has no posterior under a flat prior: a component without rows may be anywhere, so the density has no "
            "finite integral. Sample with a proper prior (prior: weak), or leave sampling out."
        )

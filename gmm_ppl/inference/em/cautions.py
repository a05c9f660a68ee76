"""What a reader of a fit must know: how it ended, and what its parameters owe to something else than the rows."""

from collections.abc import Iterator

import numpy as np

from gmm_ppl.inference.base import PointFit
from gmm_ppl.inference.em.spurious import numbers_of_one, on_few_rows
from gmm_ppl.inference.prepared import Prepared
from gmm_ppl.inference.status import Status
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.triangular import diagonal
from gmm_ppl.priors.base import AbstractConjugatePrior
from gmm_ppl.types import Float

MOSTLY = 0.9
"""Share of a variance that a prior's scale may make without a word."""


def cautions(prepared: Prepared, found: PointFit) -> Iterator[str]:
    """Sentences about the end of a fit's best start."""
    status, parameters = found.restarts.status, found.parameters
    if found.status is not Status.CONVERGED:
        alike = sum(each is found.status for each in status)
        yield f"{found.status.value} ({alike} of {len(status)} starts ended so.)"
    if found.empty:
        yield (
            f"No rows are left to component {', '.join(map(str, found.empty))}, counting from 0: take fewer components, or a "
            "prior with a concentration above 1, which keeps every weight above 0."
        )
    if found.status.usable:
        yield from of_starts(status)
        yield from of_few_rows(prepared, parameters)
        yield from of_the_prior(prepared, parameters)


def of_starts(status: tuple[Status, ...]) -> Iterator[str]:
    """Starts that mostly collapsed: what is left of a likelihood without a maximum."""
    failed = sum(not each.usable for each in status)
    if 2 * failed > len(status):
        yield (
            f"{failed} of {len(status)} starts collapsed, and the others may have stopped at a spurious maximum: use a proper "
            "prior (prior: weak), fewer components or a simpler covariance family."
        )


def of_few_rows(prepared: Prepared, parameters: MixtureParameters) -> Iterator[str]:
    """Components that have hardly more rows than numbers of their own, where no prior holds them."""
    few = np.flatnonzero(on_few_rows(prepared, parameters.weights))
    if few.size:
        rows = parameters.weights[few] * float(prepared.rows.total)
        yield (
            f"Component {listed(few)}, counting from 0, has {', '.join(f'{each:.1f}' for each in rows)} rows for "
            f"{numbers_of_one(prepared.shape)} numbers of its own: a spurious maximum. Use a prior that keeps variances from "
            "zero (prior: weak), fewer components or a simpler covariance family."
        )


def of_the_prior(prepared: Prepared, parameters: MixtureParameters) -> Iterator[str]:
    """Variances that the prior's scale makes, not the rows."""
    rows = parameters.weights * float(prepared.rows.total)
    # Of a component with few rows the prior makes the variance as it should.
    share = np.where((rows >= 2 * numbers_of_one(prepared.shape))[:, None], prior_share(prepared, parameters), 0)
    names = prepared.features or tuple(f"feature {d}" for d in range(prepared.shape.features))
    told = [f"component {k}, {names[d]} ({share[k, d]:.0%})" for k, d in np.argwhere(share > MOSTLY)]
    if told:
        where = "; ".join([*told[:4], *(["…"] if told[4:] else [])])
        yield (
            f"The prior's scale, not the rows, makes most of the variance of {where}. The default scale grows with the spread of "
            "all rows: look for values far from the others and for features that hardly vary within a group, or state a scale "
            "(prior: {kind: conjugate, scale: …})."
        )


def prior_share(prepared: Prepared, parameters: MixtureParameters) -> Float[np.ndarray, "K D"]:
    """Share of the prior's scatter in that behind each variance of each component; 0 where a prior has none."""
    shape, prior = prepared.shape, prepared.prior
    if not isinstance(prior, AbstractConjugatePrior) or not prior.proper:
        return np.zeros((shape.components, shape.features))
    kernel, moment = prior.kernel(shape), shape.family.moment
    scatter = np.diagonal(kernel.scatter, axis1=-2, axis2=-1) if moment.axes == 2 else kernel.scatter
    count = kernel.count + parameters.weights * float(prepared.rows.total)
    return np.asarray(scatter) / (diagonal(parameters.covariances) * count[:, None])


def listed(components: np.ndarray) -> str:
    """Numbers of components in a row."""
    return ", ".join(map(str, components.tolist()))

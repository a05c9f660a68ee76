"""What a reader of a fit must know: how it ended, and what its parameters owe to something else than the rows."""

from collections.abc import Iterator

import numpy as np

from gmm_ppl.inference.base import Caution, PointFit
from gmm_ppl.inference.em.spurious import THIN, numbers_of_one, on_few_rows, thin
from gmm_ppl.inference.prepared import Prepared
from gmm_ppl.inference.status import Status
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.triangular import diagonal
from gmm_ppl.priors.base import AbstractConjugatePrior
from gmm_ppl.types import Float

MOVED = 1.25
"""Standard errors of a variance by which a prior may move it without a word.

Of groups of 10 to 1000 rows, intervals of 95 % hold the true variance of 78 to 83 in 100 where it is moved by so much, of 85 to
94 where by one standard error, of 11 to 70 where by one and a half, of under 48 where by two.
"""

FEWEST = 10
"""Rows of a component, and twice its numbers, below which the prior makes the variance as it should."""

SIMPLER = "Use a proper prior (prior: weak), fewer components or a simpler covariance family."


def cautions(prepared: Prepared, found: PointFit) -> Iterator[Caution]:
    """What is to be said of a fit's best start."""
    status, parameters = found.restarts.status, found.parameters
    if found.status is not Status.CONVERGED:
        yield of_status(found)
    if found.empty:
        yield Caution(
            "a component without rows",
            f"No rows are left to component {', '.join(map(str, found.empty))}, counting from 0.",
            "Take fewer components, or a prior with a concentration above 1, which keeps every weight above 0.",
        )
    if found.status.usable:
        yield from of_starts(status)
        yield from of_few_rows(prepared, parameters)
        yield from of_thin(prepared, parameters)
        yield from of_the_prior(prepared, parameters)


def of_status(found: PointFit) -> Caution:
    """How it ended, and how many starts did so."""
    status = found.restarts.status
    alike = sum(each is found.status for each in status)
    return Caution("EM did not converge", found.status.value, f"({alike} of {len(status)} starts ended so.)")


def of_starts(status: tuple[Status, ...]) -> Iterator[Caution]:
    """Starts that mostly collapsed: what is left of a likelihood without a maximum."""
    failed = sum(not each.usable for each in status)
    if 2 * failed > len(status):
        yield Caution(
            f"{failed} of {len(status)} starts collapsed",
            f"{failed} of {len(status)} starts collapsed, and the others may have stopped at a spurious maximum.",
            SIMPLER,
        )


def of_few_rows(prepared: Prepared, parameters: MixtureParameters) -> Iterator[Caution]:
    """Components that have hardly more rows than numbers of their own, where no prior holds them."""
    few = np.flatnonzero(on_few_rows(prepared, parameters.weights))
    if few.size:
        rows = parameters.weights[few] * float(prepared.rows.total)
        yield Caution(
            f"{few.size} of {prepared.shape.components} components on too few rows",
            f"Component {listed(few)}, counting from 0, has {', '.join(f'{each:.1f}' for each in rows)} rows for "
            f"{numbers_of_one(prepared.shape)} numbers of its own: a spurious maximum.",
            SIMPLER,
        )


def of_thin(prepared: Prepared, parameters: MixtureParameters) -> Iterator[Caution]:
    """Components on more rows than those, but hardly wider than a plane."""
    found = np.flatnonzero(thin(prepared, parameters) & ~on_few_rows(prepared, parameters.weights))
    if found.size:
        rows = parameters.weights[found] * float(prepared.rows.total)
        yield Caution(
            f"{found.size} of {prepared.shape.components} components thin beside the others",
            f"Component {listed(found)}, counting from 0, of {', '.join(f'{each:.1f}' for each in rows)} rows, has in some "
            f"direction less than {THIN:g} of the components' mean variance: probably a spurious maximum.",
            SIMPLER,
        )


def of_the_prior(prepared: Prepared, parameters: MixtureParameters) -> Iterator[Caution]:
    """Variances that the prior moves by more than the rows leave open."""
    shape, rows = prepared.shape, rows_behind(prepared, parameters.weights)
    share = prior_share(prepared, parameters, rows)
    # A variance is known from n squares to √(2 / n) of it.
    errors = share * np.sqrt(rows * shape.family.sharing(shape.components, shape.features) / 2)[:, None]
    errors = np.where((rows >= max(FEWEST, 2 * numbers_of_one(shape)))[:, None], errors, 0)
    names = prepared.features or tuple(f"feature {d}" for d in range(shape.features))
    told = sorted(np.argwhere(errors > MOVED).tolist(), key=lambda place: -errors[tuple(place)])
    if told:
        where = [
            f"{share[k, d]:.0%} of the variance of component {k}, {names[d]} ({errors[k, d]:.1f} standard errors)"
            for k, d in told[:4]
        ]
        yield Caution(
            f"the prior moves a variance by {errors.max():.1f} standard errors",
            f"The prior, not the rows, makes {'; '.join([*where, *(['…'] if told[4:] else [])])}.",
            "The default scale grows with the spread of all rows: look for values far from the others and for features that "
            "hardly vary within a group, or state a scale, about the variance within one, and a smaller mean_precision (prior: "
            "{kind: conjugate, scale: …, mean_precision: …}).",
        )


def prior_share(prepared: Prepared, parameters: MixtureParameters, rows: Float[np.ndarray, " K"]) -> Float[np.ndarray, "K D"]:
    """Share of Ψ + κ (μ_k − m) (μ_k − m)ᵀ in the scatter behind each variance; 0 where a prior has none."""
    shape, prior = prepared.shape, prepared.prior
    if not isinstance(prior, AbstractConjugatePrior) or not prior.proper:
        return np.zeros(parameters.means.shape)
    kernel = prior.kernel(shape)
    scale = np.diagonal(kernel.scatter, axis1=-2, axis2=-1) if shape.family.moment.axes == 2 else kernel.scatter
    scatter = scale + np.asarray(kernel.mean_precision)[:, None] * (parameters.means - kernel.mean) ** 2
    return scatter / (diagonal(parameters.covariances) * (kernel.count + rows)[:, None])


def rows_behind(prepared: Prepared, weights: Float[np.ndarray, " K"]) -> Float[np.ndarray, " K"]:
    """Rows of each component; where all share one covariance, of an average one."""
    tied = all(part.component_axis is None for part in prepared.shape.family.parts)
    return (np.full_like(weights, 1 / weights.size) if tied else weights) * float(prepared.rows.total)


def listed(components: np.ndarray) -> str:
    """Numbers of components in a row."""
    return ", ".join(map(str, components.tolist()))

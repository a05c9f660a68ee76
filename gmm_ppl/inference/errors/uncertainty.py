"""`standard_errors`: how far an EM point may be from the parameters that it estimates, by the curvature there."""

import warnings
from dataclasses import dataclass
from enum import Enum

import numpy as np

from gmm_ppl.data.tables import Table, as_table
from gmm_ppl.errors import FitWarning, InputError
from gmm_ppl.inference.base import PointFit, check_unweighted
from gmm_ppl.inference.em.m_step import taken_apart
from gmm_ppl.inference.errors.second_order import second_order
from gmm_ppl.inference.prepared import prepare
from gmm_ppl.mixture.derivatives import unit_scale
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.model.specification import resolved_prior
from gmm_ppl.priors.base import AbstractDirectPrior, Sites
from gmm_ppl.types import Array, Float

KINDS = ("observed", "sandwich")

MOST = 2000
"""Free coordinates above which results have no standard errors: their covariance takes its square in memory."""

SINGULAR = 1e-11
"""Curvature, as a fraction of the steepest in coordinates of like scale, that rounding of sums over rows may leave of none."""

FAR = 0.1
"""Standard errors between a point and the mode, from which the point counts as no mode."""


class InformationStatus(Enum):
    """What the curvature at a point allows to be said of it; the value is the message for people."""

    REGULAR = "The objective has a strict maximum here."
    OFF_THE_MODE = (
        "The objective still rises here, by more than a tenth of a standard error: give the data that were fitted, or fit with a "
        "smaller tolerance or more steps."
    )
    SINGULAR = (
        "The objective is flat in some direction, along which nothing bounds the parameters: take fewer components, or a prior "
        "that bounds them."
    )
    INDEFINITE = "The objective curves upwards in some direction: the point is a saddle, or no mode of these data."

    @property
    def regular(self) -> bool:
        """Whether there are errors at all."""
        return self in (InformationStatus.REGULAR, InformationStatus.OFF_THE_MODE)


@dataclass(frozen=True, eq=False)
class StandardErrors:
    """Standard errors of a point's weights, means and covariance values, by the names and in the shapes of those.

    `errors` are in the parameters' own units, 0 for what the model fixes (the weight of a single component). `covariance` (P, P)
    is that of the free parameters: all weights but the last, means, then covariance values, of matrices the lower
    triangles, each row by row. (Of a program's own sites it is that of their unconstrained coordinates, laid out flat.)
    `distance` is how far the mode seems from the point, in standard errors, and `flattest` the smallest curvature as a fraction
    of the largest, after scaling by the diagonal. Where `status` is singular or indefinite all errors and covariances are NaN.
    """

    kind: str
    errors: dict[str, np.ndarray]
    covariance: np.ndarray
    flattest: float
    distance: float
    status: InformationStatus


def standard_errors(fit: PointFit, data: object, *, kind: str = "observed") -> StandardErrors:
    """Standard errors of weights, means and covariance values at an EM point.

    With ℓ = log-likelihood + log prior, the density of weights, means and covariance matrices that EM climbs, no Jacobian in it
    (under the flat prior the log-likelihood alone), as a function of free coordinates u, H its Hessian at the point,
    s_i = ∂ log P(x_i) / ∂u the score of a row, and J = ∂ parameters / ∂u:

        observed    C = −H⁻¹                         where the model is right (Efron & Hinkley 1978, doi:10.1093/biomet/65.3.457)
        sandwich    C = H⁻¹ (Σ_i w_i s_i s_iᵀ) H⁻¹   where it is wrong too (White 1982, doi:10.2307/1912526)

    and errors √diag(J C Jᵀ), the delta method. Both are laws of large N: where a component has few rows, or a variance is
    near 0, the law of the estimate is skewed, and the bootstrap or the posterior says more. A prior enters through H alone, which
    so is the curvature of the log posterior that Bayesians would invert, and s_i are not centred.

    Args:
        fit: what `fit` answered with.
        data: the rows (N, D) that it was fitted to, in any form that `fit` takes.
        kind: observed or sandwich.

    Raises:
        InputError: no fit, one without usable parameters or with a component without rows, data with other features, or an
            unknown kind.

    Warns:
        FitWarning: the point is no mode of these data, or the curvature is singular or indefinite and errors are NaN.
    """
    if kind not in KINDS:
        raise InputError(f"kind: choose {' or '.join(KINDS)}; given {kind!r}.")
    table = as_table(data)
    check_point(fit, table)
    found = errors_of(fit, table)[kind]
    if found.status is not InformationStatus.REGULAR:
        warnings.warn(f"Standard errors: {found.status.value}", FitWarning, stacklevel=3)
    return found


def check_point(point: PointFit, table: Table) -> None:
    """Refuse what is no fit, parameters that are no mode's or lie at the edge of their domain, and data of other features."""
    if not isinstance(point, PointFit):
        raise InputError(f"fit: give what gmm_ppl.fit returned; given {type(point).__name__}.")
    check_unweighted(point, "standard_errors")
    reason = why_no_errors(point)
    if reason:
        raise InputError(f"fit: {reason}")
    features = point.parameters.shape.features
    if len(table.features) != features:
        raise InputError(f"data: the fit has {features} features, {table.source} has {len(table.features)}.")


def why_no_errors(point: PointFit) -> str:
    """Why a point can have no standard errors; empty where it can."""
    if not point.status.usable:
        return f"the EM fit has no usable parameters. {point.status.value}"
    if point.empty:
        return (
            f"No rows are left to component {', '.join(map(str, point.empty))}, counting from 0, so nothing is known of it. Take "
            "fewer components."
        )
    if set(point.sites) != set(resolved_prior(point.mixture).real_shapes(point.parameters.shape)):
        return "the EM fit has other sites than its mixture's prior."
    return ""


def errors_of(point: PointFit, table: Table) -> dict[str, StandardErrors]:
    """`StandardErrors` of every kind, without a warning."""
    prepared = prepare(point.mixture, table)
    found = second_order(prepared, point)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse, flattest = inverse_of(-found.hessian)
        distance = float(np.sqrt(found.gradient @ inverse @ found.gradient))
    status = status_of(flattest, distance)
    covariances = {"observed": inverse, "sandwich": inverse @ found.products @ inverse}
    direct, shapes = isinstance(prepared.prior, AbstractDirectPrior), prepared.shape.part_shapes
    free = listed(prepared.shape, taken_apart(found.jacobian.T, shapes)).T

    def of(kind: str) -> StandardErrors:
        held = covariances[kind] if status.regular else np.full_like(inverse, np.nan)
        errors = taken_apart(spread(found.jacobian, held), shapes)
        return StandardErrors(kind, errors, free @ held @ free.T if direct else held, flattest, distance, status)

    return {kind: of(kind) for kind in KINDS}


def status_of(flattest: float, distance: float) -> InformationStatus:
    """What a curvature and the distance to its top come to; NaN is no curvature."""
    if not flattest > -SINGULAR:
        return InformationStatus.INDEFINITE
    if not flattest > SINGULAR:
        return InformationStatus.SINGULAR
    return InformationStatus.REGULAR if distance <= FAR else InformationStatus.OFF_THE_MODE


def listed(shape: MixtureShape, sites: Sites) -> Float[Array, "J P"]:
    """All weights but the last, means, then the parts of covariances, of matrices the lower triangles; J of them."""
    parts = (part.support.packed(sites[part.name]) for part in shape.parts[1:])
    return np.concatenate([sites["weights"][:, :-1], *(each.reshape(each.shape[0], -1) for each in parts)], axis=-1)


def inverse_of(matrix: Float[np.ndarray, "P P"]) -> tuple[Float[np.ndarray, "P P"], float]:
    """Inverse of a symmetric matrix, and its smallest eigenvalue over the largest, both after scaling by the diagonal.

    Scaled, so that coordinates in units as different as 10⁻¹⁰⁰ and 1 keep their digits. NaN of what is not finite.
    """
    scale = unit_scale(np.diagonal(matrix))
    scaled = scale[:, None] * matrix * scale
    if not np.isfinite(scaled).all():
        return np.full_like(matrix, np.nan), np.nan
    values, vectors = np.linalg.eigh(scaled)
    turned = scale[:, None] * vectors
    return (turned / values) @ turned.T, float(values[0] / np.abs(values).max())


def spread(jacobian: Float[np.ndarray, "T P"], covariance: Float[np.ndarray, "P P"]) -> Float[np.ndarray, " T"]:
    """√diag(J C Jᵀ)."""
    return np.sqrt(np.maximum(((jacobian @ covariance) * jacobian).sum(axis=-1), 0))

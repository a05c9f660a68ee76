"""The objective about an EM point to second order: in NumPy for priors of the parameters themselves, in JAX for programs."""

import numpy as np

from gmm_ppl.inference.base import PointFit
from gmm_ppl.inference.em.m_step import ClosedForm, laid_out
from gmm_ppl.inference.prepared import Prepared
from gmm_ppl.mixture.derivatives import jacobian
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.scores import scores
from gmm_ppl.priors.base import AbstractDirectPrior
from gmm_ppl.records import Record
from gmm_ppl.types import Array, Float


class SecondOrder(Record):
    """Log-likelihood + log prior (nats, no Jacobian) about a point, in P free coordinates.

    `products` is Σ_i w_i s_i s_iᵀ of the rows' scores, and `jacobian` that of all T parameters, laid out by part.
    At a stationary point a Hessian goes over from one set of coordinates to another as a tensor, so any will do.
    """

    gradient: Float[Array, " P"]
    hessian: Float[Array, "P P"]
    products: Float[Array, "P P"]
    jacobian: Float[Array, "T P"]


def second_order(prepared: Prepared, point: PointFit) -> SecondOrder:
    """`SecondOrder` at what EM found."""
    if isinstance(prepared.prior, AbstractDirectPrior):
        return of_parameters(prepared, prepared.prior, point.parameters)
    from gmm_ppl.inference.errors.programs import of_program

    return of_program(prepared, point.sites)


def of_parameters(prepared: Prepared, prior: AbstractDirectPrior, found: MixtureParameters) -> SecondOrder:
    """Louis' identity, as in `mixture.information`, with the slope that the M-step knows in closed form."""
    shape, step = prepared.shape, ClosedForm(prior.kernel(prepared.shape), prepared.shape)
    with np.errstate(all="ignore"):
        position = step.flat(found)
        known = scores(prepared.rows, step.from_flat, position)
        given = step.kernel.given(known.statistics)

        def slope(each: Float[Array, "... C"]) -> tuple[Array, Array]:
            at = laid_out(list(given.slope(step.from_flat(each)).values()), step.shapes)
            return at, at

        def parameters(each: Float[Array, "... C"]) -> tuple[Array, None]:
            return laid_out(list(step.from_flat(each).sites.values()), shape.part_shapes), None

        hessian, gradient = jacobian(slope, position)
        # Of K logarithms of weights K − 1 are free: the last stays.
        free = np.delete(np.arange(position.size), shape.components - 1)
        square = np.ix_(free, free)
        return SecondOrder(
            gradient[free],
            (hessian + known.left_open)[square],
            known.products[square],
            jacobian(parameters, position)[0][:, free],
        )

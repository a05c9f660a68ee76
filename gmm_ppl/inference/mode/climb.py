"""The posterior's mode in unconstrained coordinates, above an EM fit: where Laplace draws around and NUTS' coordinates begin."""

import numpy as np
from jax.flatten_util import ravel_pytree

from gmm_ppl.compiled import compiled, make_room, one_blas_thread
from gmm_ppl.errors import FitError
from gmm_ppl.inference.base import PointFit
from gmm_ppl.inference.mode.coordinates import matching_sites, refuse_the_edge
from gmm_ppl.inference.mode.curvature import LARGEST_DENSE
from gmm_ppl.inference.mode.newton import Mode, find_mode
from gmm_ppl.inference.mode.posterior_density import PosteriorDensity
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.base import Sites


def mode_above(target: Posterior, point: PointFit) -> tuple[Mode, Sites]:
    """What Newton's steps lead to, and the unconstrained sites that they went out from; `reached` says whether it is a mode.

    EM's point is the mode in weights, means and covariances; unconstrained coordinates have another, a few steps away.

    Raises:
        InputError: as `coordinates.matching_sites` and `coordinates.refuse_the_edge`.
    """
    sites = matching_sites(target, point)
    make_room()
    with one_blas_thread():
        mode, unconstrained = newton(target, sites)
    refuse_the_edge(point, unconstrained)
    return mode, unconstrained


def mode_from(target: Posterior, point: PointFit, asked: str) -> tuple[Mode, Sites]:
    """`mode_above` for what cannot do without; `asked` is the name of the function that was called.

    Raises:
        InputError: as `mode_above`.
        FitError: Newton's steps did not come to an end.
    """
    mode, unconstrained = mode_above(target, point)
    if not reached(mode):
        raise FitError(f"{asked}: no mode was reached from the EM point; {why_not(mode.position.size)}")
    return mode, unconstrained


def why_not(coordinates: int) -> str:
    """Why Newton's steps may not have come to an end."""
    if coordinates <= LARGEST_DENSE:
        return "the posterior may rise without end. Take a stronger prior."
    return (
        f"there are {coordinates} coordinates, and above {LARGEST_DENSE} only the diagonal of the curvature is used. Take fewer "
        "components or features, or a covariance family with fewer parameters."
    )


def reached(mode: Mode) -> bool:
    """Whether the steps came to an end where the density is finite."""
    return bool(mode.done) and bool(np.isfinite(mode.log_density))


@compiled
def newton(target: Posterior, sites: Sites) -> tuple[Mode, Sites]:
    """The mode, and the unconstrained sites that it was looked for from."""
    unconstrained = target.unconstrain(sites)
    flat, unravel = ravel_pytree(unconstrained)
    return find_mode(PosteriorDensity(target, unravel).expansion, flat), unconstrained

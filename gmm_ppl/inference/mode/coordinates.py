"""Coordinates that a sampler moves in: unconstrained, centred on the EM point, whitened by the curvature there."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from gmm_ppl.errors import InputError
from gmm_ppl.inference.base import PointFit
from gmm_ppl.inference.mode.curvature import curvature, move
from gmm_ppl.inference.mode.posterior_density import PosteriorDensity
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.base import Sites
from gmm_ppl.types import Array, Float

SPREADS = (2.0, 1.0, 0.5, 0.25, 0.0)
"""Standard deviations of starts, in posterior ones; the first where density and gradient are finite is taken."""


class Coordinates(eqx.Module):
    """u = centre + W v: `unconstrained(v)` are the coordinates that the prior's bijections take."""

    centre: Sites
    scale: Array

    def unconstrained(self, position: Float[Array, " P"]) -> Sites:
        """Unconstrained sites at a whitened position."""
        flat, unravel = ravel_pytree(self.centre)
        return unravel(move(flat, self.scale, position))

    def log_density(self, posterior: Posterior, position: Float[Array, " P"]) -> Float[Array, ""]:
        """Log posterior density at a whitened position, up to the constant log |W|."""
        return posterior.log_density(self.unconstrained(position))


@eqx.filter_jit
def coordinates_at(posterior: Posterior, unconstrained: Sites) -> Coordinates:
    """Coordinates centred on a point, whitened by the Hessian of the log density there."""
    flat, unravel = ravel_pytree(unconstrained)
    density = PosteriorDensity(posterior, unravel)
    return Coordinates(unconstrained, curvature(density.expansion(flat)[2]).scale)


def unravelled(flat: Array, like: Sites) -> Sites:
    """Flat coordinates as sites shaped as `like`, by NumPy: each operation of JAX outside a program is one to compile."""
    leaves, tree = jax.tree.flatten(like)
    ends = np.cumsum([np.size(each) for each in leaves])
    parts = np.split(np.asarray(flat), ends[:-1])
    return jax.tree.unflatten(tree, [part.reshape(np.shape(each)) for part, each in zip(parts, leaves, strict=True)])


def matching_sites(posterior: Posterior, point: PointFit) -> Sites:
    """Sites of the sampler's program at an EM fit.

    The fit may have had another prior (maximum likelihood, say) as long as this one samples the same sites, or weights, means and
    covariances themselves.

    Raises:
        InputError: no fit, one without usable parameters, a fit of another mixture, or of a prior with other sites.
    """
    check_start(posterior, point)
    wanted = set(posterior.prior.real_shapes(posterior.shape))
    found = [sites for sites in (point.sites, point.parameters.sites) if set(sites) == wanted]
    if not found:
        raise InputError(f"start: the prior samples {', '.join(sorted(wanted))}; fit EM with the same prior and start from that.")
    return found[0]


def refuse_the_edge(point: PointFit, unconstrained: Sites) -> None:
    """Refuse a fit whose unconstrained sites are not finite: it lies at the edge of the parameters' domain."""
    if point.empty or not all(np.isfinite(each).all() for each in jax.tree.leaves(unconstrained)):
        raise InputError(
            "start: a weight of the EM fit is 0 or a covariance singular, where a sampler cannot begin. Take fewer components, "
            "or fit EM with a prior that forbids both: {kind: conjugate, concentration: 2}."
        )


def check_start(posterior: Posterior, point: PointFit) -> None:
    """Refuse what is no fit, a fit without usable parameters, and one of another mixture."""
    if not isinstance(point, PointFit):
        raise InputError(f"start: give what gmm_ppl.fit returned; given {type(point).__name__}.")
    if not point.status.usable:
        raise InputError(
            f"start: the EM fit has no usable parameters. {point.status.value} A fit with another prior may start this one."
        )
    if point.parameters.shape != posterior.shape:
        raise InputError("start: the EM fit has another number of components or features, or another covariance family.")


def dispersed_candidates(coordinates: Coordinates, key: Array) -> Float[Array, "spreads P"]:
    """Positions in one random direction, the first twice as dispersed as the normal approximation at the mode.

    Chains that start at one point agree about everything, which blinds R-hat (Gelman & Rubin 1992,
    doi:10.1214/ss/1177011136). The others come nearer, down to the mode itself, in case the first has no density.
    """
    size = ravel_pytree(coordinates.centre)[0].size
    return jnp.array(SPREADS)[:, None] * jax.random.normal(key, (size,))

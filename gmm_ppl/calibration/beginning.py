"""Where an engine begins on simulated rows: at a mode that is found without a look at the parameters behind them."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from gmm_ppl.inference.em import EM, EMPoint, em
from gmm_ppl.inference.newton import Mode, find_mode
from gmm_ppl.inference.posterior_density import PosteriorDensity
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.mixture.scale import DataScale, data_scale
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.builders import conjugate_prior
from gmm_ppl.priors.padded import PaddedPrior
from gmm_ppl.priors.sites import Sites
from gmm_ppl.starts.kmeans import kmeans_start
from gmm_ppl.types import Array

STARTS = 4
"""Starts of EM a replication; the highest is gone on from."""

EM_STEPS = 20
"""EM's steps a start. Newton's go on from there, so EM need only find the right hill; where its mode has a weight of 0,
which unconstrained coordinates have not, it is not taken so far."""


def begin(posterior: Posterior, key: Array) -> tuple[Mode, Sites]:
    """A mode in unconstrained coordinates, and sites that say how its position is laid out.

    EM from k-means, the highest of `STARTS`, then Newton's steps: what `fit` and `laplace` do, at a fixed cost.
    """
    unconstrained = posterior.unconstrain(highest(posterior, key).sites)
    flat, unravel = ravel_pytree(unconstrained)
    density = PosteriorDensity(posterior, unravel)
    return find_mode(density.expansion, flat), unconstrained


def highest(posterior: Posterior, key: Array) -> EMPoint:
    """The best of several short runs of EM."""
    data = data_scale(posterior.x)
    method, weak = em(posterior, data.deviations), prior_of_starts(posterior.shape, data)

    def one(each: Array) -> EMPoint:
        first = method.start(kmeans_start(each, posterior.rows, posterior.shape, weak))
        return jax.lax.fori_loop(0, EM_STEPS, lambda _, point: climb(method, point), first)

    points = jax.vmap(one)(jax.random.split(key, STARTS))
    objective = jax.vmap(method.objective)(points)
    best = jnp.argmax(jnp.where(jnp.isfinite(objective), objective, -jnp.inf))
    return jax.tree.map(lambda leaf: leaf[best], points)


def climb(method: EM, point: EMPoint) -> EMPoint:
    """The next point of EM, or the same where it is no higher."""
    proposed = method.step(point)
    higher = (method.objective(proposed) > method.objective(point)) & ~method.collapsed(proposed)
    return jax.tree.map(lambda new, old: jnp.where(higher, new, old), proposed, point)


def prior_of_starts(shape: MixtureShape, data: DataScale) -> PaddedPrior:
    """The weak prior of these rows, one row stronger (`starts.prior_of_starts`, for rows that JAX is tracing)."""
    variances = jnp.diagonal(data.covariance)
    regular = DataScale(data.centre, data.covariance + 1e-6 * jnp.diag(variances))
    inner: Any = conjugate_prior(shape, regular, concentration=1 + 1 / shape.components)
    return PaddedPrior(inner, jnp.ones(shape.components), data.centre, variances)

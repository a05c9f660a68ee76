"""Where an engine begins on simulated rows: at a mode that is found without a look at the parameters behind them."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from gmm_ppl.inference.em.method import EM, EMPoint
from gmm_ppl.inference.em.pure_em import em_of
from gmm_ppl.inference.mode.newton import Mode, find_mode
from gmm_ppl.inference.mode.posterior_density import PosteriorDensity
from gmm_ppl.mixture.residuals import statistics_of_memberships
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.base import Sites
from gmm_ppl.records import select
from gmm_ppl.starts import starting_kernel
from gmm_ppl.types import Array, Float

LLOYD_STEPS = 10
STARTS = 4
"""Starts of EM a replication; the highest is gone on from."""

EM_STEPS = 20
"""EM's steps a start. Newton's go on from there, so EM need only find the right hill; where its mode has a weight of 0,
which unconstrained coordinates have not, it is not taken so far."""


def begin(posterior: Posterior, key: Array) -> tuple[Mode, Sites]:
    """A mode in unconstrained coordinates, and sites that say how its position is laid out.

    EM from k-means, the highest of `STARTS`, then Newton's steps: what `fit` and `laplace` do, at a fixed cost.
    """
    unconstrained = posterior.unconstrain(highest(posterior, key))
    flat, unravel = ravel_pytree(unconstrained)
    density = PosteriorDensity(posterior, unravel)
    return find_mode(density.expansion, flat), unconstrained


def highest(posterior: Posterior, key: Array) -> Sites:
    """The sites of the best of several short runs of EM."""
    data = data_scale(posterior.x)
    method, kernel = em_of(posterior, data.deviations), starting_kernel(posterior.shape, data)

    def one(each: Array) -> EMPoint:
        memberships = kmeans_memberships(each, posterior.x, posterior.shape.components)
        statistics = statistics_of_memberships(posterior.rows, memberships, posterior.shape.family.moment)
        first = method.start(method.position(kernel.given(statistics).mode(posterior.shape)))
        return jax.lax.fori_loop(0, EM_STEPS, lambda _, point: climb(method, point), first)

    points = jax.vmap(one)(jax.random.split(key, STARTS))
    best = jnp.argmax(jnp.where(jnp.isfinite(points.objective), points.objective, -jnp.inf))
    return method.m_step.sites(jax.tree.map(lambda leaf: leaf[best], points.position))


def climb(method: EM, point: EMPoint) -> EMPoint:
    """The next point of EM, or the same where it is no higher."""
    proposed = method.step(point)
    return select((proposed.objective > point.objective) & ~method.collapsed(proposed), proposed, point)


def kmeans_memberships(key: Array, x: Float[Array, "N D"], components: int) -> Float[Array, "N K"]:
    """Nearest of k-means++ seeds after Lloyd's steps, of standardised features, in JAX: rows are simulated inside a program."""
    residuals = x - jnp.mean(x, axis=0)
    standardised = residuals / jnp.sqrt(jnp.mean(residuals**2, axis=0))
    keys = jax.random.split(key, components)
    first = standardised[jax.random.randint(keys[0], (), 0, x.shape[0])]
    centres = jnp.broadcast_to(first, (components, x.shape[1]))

    def add(index: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        centres, closest = state
        chosen = standardised[jax.random.categorical(keys[index], jnp.log(closest))]
        return centres.at[index].set(chosen), jnp.minimum(closest, jnp.sum((standardised - chosen) ** 2, axis=1))

    begun = (centres, jnp.sum((standardised - first) ** 2, axis=1))
    centres = jax.lax.fori_loop(1, components, add, begun)[0]
    centres = jax.lax.fori_loop(0, LLOYD_STEPS, lambda _, each: lloyd(standardised, each), centres)
    return nearest(standardised, centres)


def lloyd(rows: Float[Array, "N D"], centres: Float[Array, "K D"]) -> Float[Array, "K D"]:
    """Move each centre to the mean of its rows; a centre without rows stays."""
    memberships = nearest(rows, centres)
    count = jnp.sum(memberships, axis=0)[:, None]
    return jnp.where(count > 0, memberships.T @ rows / jnp.where(count > 0, count, 1), centres)


def nearest(rows: Float[Array, "N D"], centres: Float[Array, "K D"]) -> Float[Array, "N K"]:
    """One-hot membership in the nearest centre."""
    distances = jnp.sum((rows[:, None] - centres) ** 2, axis=-1)
    return jax.nn.one_hot(jnp.argmin(distances, axis=1), centres.shape[0], dtype=rows.dtype)

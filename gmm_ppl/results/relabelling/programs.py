"""What the relabelling methods have compiled by JAX; imported where there are draws to relabel."""

import equinox as eqx
import jax
import jax.numpy as jnp

from gmm_ppl.compiled import mapped
from gmm_ppl.mixture.parameters import MixtureParameters, permute
from gmm_ppl.model.assignments import log_densities_by_component
from gmm_ppl.types import Array, Float, Int

LEAST = 1e-300
"""Stands for an average of 0, whose logarithm would be −∞ and, times a responsibility of 0, not a number."""


def memberships(x: Float[Array, "N D"], parameters: MixtureParameters) -> Float[Array, "K N"]:
    """γ_ki; a component whose covariance is numerically singular has no rows, and where all are, they share alike."""
    return jax.nn.softmax(finite_densities(x, parameters), axis=0)


def finite_densities(x: Float[Array, "N D"], parameters: MixtureParameters) -> Float[Array, "K N"]:
    """Log π_k N(x_i | μ_k, Σ_k) in nats, the smallest number there is where that cannot be computed."""
    joint = log_densities_by_component(x, parameters)
    return jnp.nan_to_num(joint, nan=float(jnp.finfo(joint.dtype).min))


@eqx.filter_jit
def memberships_of(pivot: MixtureParameters, x: Array) -> Float[Array, "K N"]:
    """γ_ki at a point."""
    return memberships(x, pivot)


@eqx.filter_jit
def agreements_in_batches(draws: MixtureParameters, reference: Array, x: Array, *, together: int) -> Float[Array, "S K K"]:
    """Σ_i r_ki γ_ji for every draw, so many at a time."""
    return mapped(lambda each: reference @ memberships(x, each).T, draws, together=together)


@eqx.filter_jit
def allocate_in_batches(draws: MixtureParameters, x: Array, *, together: int) -> Int[Array, "S N"]:
    """The most probable component of each row in each draw, so many draws at a time."""
    return mapped(lambda each: jnp.argmax(finite_densities(x, each), axis=0).astype(jnp.int32), draws, together=together)


@eqx.filter_jit
def average_in_order(draws: MixtureParameters, order: Int[Array, "S K"], x: Array) -> Float[Array, "K N"]:
    """Responsibilities averaged over draws in the given orders, a draw at a time; `LEAST` where that is 0."""

    def add(sums: Array, each: tuple[MixtureParameters, Array]) -> tuple[Array, None]:
        return sums + memberships(x, permute(*each)), None

    sums, _ = jax.lax.scan(add, jnp.zeros((order.shape[1], x.shape[0])), (draws, order))
    return jnp.maximum(sums / order.shape[0], LEAST)

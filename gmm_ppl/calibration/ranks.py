"""Ranks of the truth among draws."""

import jax
import jax.numpy as jnp

from gmm_ppl.types import Array, Float, Int


def ranks(key: Array, truth: Float[Array, " Q"], draws: Float[Array, "L Q"]) -> Int[Array, " Q"]:
    """How many of L draws lie below the truth, 0 … L, by quantity: uniform if truth and draws are from one law.

    Ties, as where a probability is 1 to the last digit, are broken at random, which keeps that so (Modrák et al. 2023,
    doi:10.1214/23-BA1404).
    """
    below = jnp.sum(draws < truth, axis=0)
    equal = jnp.sum(draws == truth, axis=0)
    return below + jax.random.randint(key, truth.shape, 0, equal + 1)


def lag_one(draws: Float[Array, "L Q"]) -> Float[Array, " Q"]:
    """Autocorrelation of consecutive draws: about −1 / L where they are independent; 0 where they do not vary."""
    centred = draws - jnp.mean(draws, axis=0)
    total = jnp.sum(centred**2, axis=0)
    return jnp.sum(centred[1:] * centred[:-1], axis=0) / jnp.where(total > 0, total, 1)

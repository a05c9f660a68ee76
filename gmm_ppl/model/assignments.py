"""Which component a row came from, recovered from posterior draws after the assignment was summed out."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl.mixture.density import component_log_densities, responsibilities
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.types import Array, Float, Int, in_float64


def flatten_draws(draws: MixtureParameters) -> MixtureParameters:
    """Parameters with axes (chain, draw, …) as parameters with one leading axis, in the precision in force."""
    return jax.tree.map(lambda leaf: jnp.reshape(jnp.asarray(leaf, dtype=float), (-1, *leaf.shape[2:])), draws)


@in_float64
def mean_responsibilities(draws: MixtureParameters, x: Float[Array, "N D"]) -> tuple[Array, Array]:
    """Posterior mean and standard deviation of γ_ik over draws, each (N, K); holds one draw's at a time.

    Args:
        draws: parameters with leading axes (chain, draw), relabelled.
        x: rows.
    """
    return sum_responsibilities(flatten_draws(draws), jnp.asarray(x, dtype=float))


@eqx.filter_jit
def sum_responsibilities(draws: MixtureParameters, x: Array) -> tuple[Array, Array]:
    """Running mean and sd over the leading axis (Welford's update, which loses no digits near 0 and 1)."""

    def add(carry: tuple[Array, Array, Array], parameters: MixtureParameters) -> tuple[tuple, None]:
        count, mean, squares = carry
        value = responsibilities(x, parameters)
        moved = mean + (value - mean) / (count + 1)
        return (count + 1, moved, squares + (value - mean) * (value - moved)), None

    zero = jnp.zeros((x.shape[0], draws.weights.shape[-1]), x.dtype)
    (count, mean, squares), _ = jax.lax.scan(add, (jnp.zeros((), x.dtype), zero, zero), draws)
    return mean, jnp.sqrt(squares / count)


@in_float64
def recover_assignments(draws: MixtureParameters, x: Float[Array, "N D"], *, seed: int) -> Int[Array, "chain draw N"]:
    """One draw of every row's component for each posterior draw, z_i ~ Categorical(γ_i): the joint posterior of (θ, z).

    Args:
        draws: parameters with leading axes (chain, draw), relabelled if the labels are to mean anything across draws.
        x: rows (N, D).
        seed: of the draws of z.

    Returns:
        Components 0 … K − 1 as 32-bit integers, (chain, draw, N).
    """
    labels = draw_assignments(jax.random.key(seed), flatten_draws(draws), jnp.asarray(x, dtype=float))
    return np.asarray(labels).reshape(*draws.weights.shape[:2], -1)


@eqx.filter_jit
def draw_assignments(key: Array, draws: MixtureParameters, x: Array) -> Int[Array, "S N"]:
    """Categorical draws from the responsibilities, one parameter draw at a time."""

    def one(each: tuple[Array, MixtureParameters]) -> Array:
        return jax.random.categorical(each[0], component_log_densities(x, each[1])).astype(jnp.int32)

    return jax.lax.map(one, (jax.random.split(key, draws.weights.shape[0]), draws))

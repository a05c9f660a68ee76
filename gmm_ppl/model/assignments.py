"""Which component a row came from, recovered from posterior draws after the assignment was summed out."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl.compiled import one_blas_thread
from gmm_ppl.errors import InputError
from gmm_ppl.mixture.density import component_log_densities
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.types import Array, Float, Int, in_float64, to_numpy

HELD_NUMBERS = 2**24
"""Rows × components × draws whose responsibilities are held together: 64 MB in single precision."""


def flatten_draws(draws: MixtureParameters) -> MixtureParameters:
    """Parameters with axes (chain, draw, …) as parameters with one leading axis, in the precision in force."""
    return jax.tree.map(lambda leaf: jnp.reshape(jnp.asarray(leaf, dtype=float), (-1, *leaf.shape[2:])), draws)


def checked_rows(x: object, draws: MixtureParameters) -> Float[np.ndarray, "N D"]:
    """Rows in double precision; InputError where they are no table of the mixture's features."""
    rows, features = np.asarray(x, dtype=float), draws.means.shape[-1]
    if rows.ndim != 2 or rows.shape[1] != features:
        hint = " A single feature is x[:, None]." if features == 1 else ""
        raise InputError(f"x must have shape (N, {features}); given {rows.shape}.{hint}")
    return rows


def log_densities_by_component(x: Float[Array, "N D"], parameters: MixtureParameters) -> Float[Array, "K N"]:
    """`component_log_densities` in nats with rows last, where they lie side by side: a quarter of the time for few features."""
    return jax.vmap(component_log_densities, in_axes=(0, None), out_axes=1)(x, parameters)


@in_float64
def mean_responsibilities(draws: MixtureParameters, x: Float[Array, "N D"]) -> tuple[Array, Array]:
    """Posterior mean and standard deviation of γ_ik over draws, each (N, K); holds one draw's at a time.

    Args:
        draws: parameters with leading axes (chain, draw), relabelled.
        x: rows.

    Raises:
        InputError: rows of another shape than (N, D).
    """
    with one_blas_thread():
        rows = jnp.asarray(checked_rows(x, draws))
        mean, deviation, _ = to_numpy(sum_responsibilities(flatten_draws(draws), rows, kept=False))
    return mean.T, deviation.T


class Memberships(NamedTuple):
    """What the posterior says of γ_ik, each (N, K): mean, standard deviation, and the ends of an equal-tailed interval."""

    mean: np.ndarray
    deviation: np.ndarray
    low: np.ndarray
    high: np.ndarray


@in_float64
def membership_intervals(draws: MixtureParameters, x: Float[Array, "N D"], *, probability: float) -> Memberships:
    """`mean_responsibilities` and the quantiles (1 ∓ probability) / 2 of γ_ik over draws, all from one pass.

    Quantiles are interpolated linearly between draws, as NumPy's are, and have the seven digits of single precision. Rows are
    taken so many at a time that their responsibilities under all draws fill 64 MB, twice.

    Args:
        draws: parameters with leading axes (chain, draw), relabelled.
        x: rows.
        probability: of the interval, between 0 and 1.

    Raises:
        InputError: rows of another shape than (N, D).
    """
    flat, rows = flatten_draws(draws), checked_rows(x, draws)
    found = Memberships(*np.empty((4, len(rows), draws.weights.shape[-1])))
    for block in equal_blocks(len(rows), HELD_NUMBERS // draws.weights.size):
        with one_blas_thread():
            mean, deviation, values = to_numpy(sum_responsibilities(flat, jnp.asarray(rows[block]), kept=True))
        for whole, part in zip(found, (mean, deviation, *interval(values, probability)), strict=True):
            whole[block] = part.T
    return found


def equal_blocks(rows: int, most: int) -> list[slice]:
    """Blocks of one length, at most `most` rows (at least one), so that one program serves all; the last reaches back."""
    count = -(-rows // max(1, most))
    size = -(-rows // count)
    starts = np.minimum(size * np.arange(count), rows - size)
    return [slice(start, start + size) for start in starts.tolist()]


def interval(values: Float[np.ndarray, "S K N"], probability: float) -> Float[np.ndarray, "2 K N"]:
    """The quantiles (1 ∓ probability) / 2 along the first axis; NaN where a value is."""
    # Draws side by side: sorting them so takes a third of the time of NumPy's own quantiles, which select across memory.
    ordered = np.array(values.reshape(len(values), -1).T, order="C")
    ordered.sort(axis=1)
    place = (len(values) - 1) * (1 + probability * np.array([-1, 1])) / 2
    below = np.floor(place).astype(int)
    first, second = ordered[:, below].astype(float), ordered[:, np.ceil(place).astype(int)]
    # NaN is sorted to the end, where the quantiles would miss it.
    found = np.where(np.isnan(ordered[:, -1:]), np.nan, first + (place - below) * (second - first))
    return found.T.reshape(2, *values.shape[1:])


@eqx.filter_jit
def sum_responsibilities(draws: MixtureParameters, x: Array, *, kept: bool) -> tuple[Array, Array, Array]:
    """Running mean and sd (K, N) over the leading axis, and every draw's values (S, K, N) in single precision if they are kept.

    Welford's update, which loses no digits near 0 and 1.
    """

    def add(carry: tuple[Array, Array, Array], parameters: MixtureParameters) -> tuple[tuple, Array]:
        count, mean, squares = carry
        value = jax.nn.softmax(log_densities_by_component(x, parameters), axis=0)
        moved = mean + (value - mean) / (count + 1)
        return (count + 1, moved, squares + (value - mean) * (value - moved)), value[: None if kept else 0].astype(jnp.float32)

    zero = jnp.zeros((draws.weights.shape[-1], x.shape[0]), x.dtype)
    (count, mean, squares), values = jax.lax.scan(add, (jnp.zeros((), x.dtype), zero, zero), draws)
    return mean, jnp.sqrt(squares / count), values


@in_float64
def recover_assignments(draws: MixtureParameters, x: Float[Array, "N D"], *, seed: int) -> Int[Array, "chain draw N"]:
    """One draw of every row's component for each posterior draw, z_i ~ Categorical(γ_i): the joint posterior of (θ, z).

    Args:
        draws: parameters with leading axes (chain, draw), relabelled if the labels are to mean anything across draws.
        x: rows (N, D).
        seed: of the draws of z.

    Returns:
        Components 0 … K − 1 as 32-bit integers, (chain, draw, N).

    Raises:
        InputError: rows of another shape than (N, D).
    """
    rows = jnp.asarray(checked_rows(x, draws))
    labels = draw_assignments(jax.random.key(seed), flatten_draws(draws), rows)
    return np.asarray(labels).reshape(*draws.weights.shape[:2], -1)


@eqx.filter_jit
def draw_assignments(key: Array, draws: MixtureParameters, x: Array) -> Int[Array, "S N"]:
    """Categorical draws from the responsibilities, one parameter draw at a time."""

    def one(each: tuple[Array, MixtureParameters]) -> Array:
        return jax.random.categorical(each[0], component_log_densities(x, each[1])).astype(jnp.int32)

    return jax.lax.map(one, (jax.random.split(key, draws.weights.shape[0]), draws))

"""What one does with a mixture whose parameters are known: sample it, marginalise it, condition it."""

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.density import log_density, responsibilities
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.records import map_arrays
from gmm_ppl.types import Array, Float, Int, PRNGKeyArray


def sample_rows(key: PRNGKeyArray, parameters: MixtureParameters, rows: int) -> tuple[Float[Array, "N D"], Int[Array, " N"]]:
    """`rows` draws from P(x) and the component that each came from."""
    import jax
    import jax.numpy as jnp

    which, noise = jax.random.split(key)
    shape = parameters.shape
    labels = jax.random.categorical(which, jnp.log(parameters.weights), shape=(rows,))
    standard = jax.random.normal(noise, (rows, 1, shape.features), dtype=parameters.means.dtype)
    everywhere = jnp.broadcast_to(standard, (rows, shape.components, shape.features))
    coloured = parameters.covariance.colour(everywhere)
    chosen = jnp.take_along_axis(coloured, labels[:, None, None], axis=1)[:, 0]
    return parameters.means[labels] + chosen, labels


def draw(parameters: MixtureParameters, rows: int, *, seed: int) -> tuple[Float[Array, "N D"], Int[Array, " N"]]:
    """`rows` draws from P(x) in double precision, (N, D) in units of x, and the component of each, (N,).

    Raises:
        InputError: fewer than one row.
    """
    if rows < 1:
        raise InputError(f"rows must be at least 1; given {rows!r}.")
    return drawn(map_arrays(np.asarray, parameters), rows, np.random.default_rng(seed))


def drawn(
    parameters: MixtureParameters, rows: int, random: np.random.Generator | np.random.RandomState
) -> tuple[Float[np.ndarray, "N D"], Int[np.ndarray, " N"]]:
    """`draw` by either of NumPy's generators, component after component, so that no row is coloured by all of them."""
    components, features = parameters.means.shape
    labels = random.choice(components, size=rows, p=parameters.weights)
    x = random.standard_normal((rows, features))
    for component in range(components):
        own, covariance = labels == component, parameters.covariance.select(np.array([component]))
        x[own] = parameters.means[component] + covariance.colour(x[own][:, None])[:, 0]
    return x, labels


def marginal(parameters: MixtureParameters, kept: object) -> MixtureParameters:
    """The mixture of the features `kept` (positions) alone: the other features integrated out.

    Raises:
        InputError: a position that is out of range or repeated, or none at all.
    """
    return restrict(parameters, feature_positions(kept, parameters.shape.features, "kept"))


def conditional(parameters: MixtureParameters, given: object, values: object) -> MixtureParameters:
    """The mixture of the other features, given that the features `given` (positions) take `values`.

    P(x_a | x_b) = Σ_k π_k(x_b) N(x_a | μ_ka + G_k (x_b − μ_kb), Σ_kaa − G_k Σ_kba), with the gain G_k = Σ_kab Σ_kbb⁻¹ and
    weights π_k(x_b) ∝ π_k N(x_b | μ_kb, Σ_kbb).

    Raises:
        InputError: positions out of range, repeated or all of them; values of another length or not finite; values so
            far from every component that no weight can be formed.
    """
    features = parameters.shape.features
    known = feature_positions(given, features, "given")
    point = np.asarray(values, dtype=np.float64)
    if point.shape != known.shape or not np.isfinite(point).all():
        raise InputError(f"values must be {known.size} finite numbers, one for each given feature; given {values!r}.")
    kept = np.setdiff1d(np.arange(features), known)
    if not kept.size:
        raise InputError("given names every feature: nothing is left to condition.")
    covariance, gain = parameters.covariance.conditional(kept, known)
    means = parameters.means[:, kept] + np.sum(gain * (point - parameters.means[:, known])[:, None, :], axis=-1)
    return MixtureParameters(conditional_weights(restrict(parameters, known), point), means, covariance)


def restrict(parameters: MixtureParameters, positions: np.ndarray) -> MixtureParameters:
    """The mixture of the features at `positions`, which are known to be good."""
    return MixtureParameters(parameters.weights, parameters.means[:, positions], parameters.covariance.marginal(positions))


def conditional_weights(known: MixtureParameters, point: np.ndarray) -> Float[Array, " K"]:
    """Responsibilities at one point; InputError where the density underflows for every component."""
    if not np.isfinite(log_density(point, known)):
        raise InputError(f"the values {point.tolist()} lie too far from every component to condition on.")
    return responsibilities(point, known)


def feature_positions(chosen: object, features: int, name: str) -> np.ndarray:
    """Positions of features as an integer array, checked."""
    positions = np.atleast_1d(np.asarray(chosen))
    whole = positions.size and np.issubdtype(positions.dtype, np.integer)
    if not whole or np.unique(positions).size < positions.size or positions.min() < 0 or positions.max() >= features:
        raise InputError(f"{name} must be distinct feature positions from 0 to {features - 1}; given {chosen!r}.")
    return positions

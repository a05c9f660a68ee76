"""The registry of random starts: a new one is one file beside this one and one line here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl.compiled import compiled_once, mapped
from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.mixture.scale import DataScale, data_scale
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.model.specification import as_jax
from gmm_ppl.priors import AbstractConjugatePrior
from gmm_ppl.priors.builders import conjugate_prior
from gmm_ppl.priors.padded import PaddedPrior, padded_prior
from gmm_ppl.starts.given import given_start
from gmm_ppl.starts.kmeans import kmeans_start
from gmm_ppl.starts.random import random_start
from gmm_ppl.types import Array

__all__ = ["STARTS", "starting_parameters"]

Start = Callable[[Array, Rows, MixtureShape, PaddedPrior], MixtureParameters]

STARTS: Mapping[str, Start] = MappingProxyType({"kmeans": kmeans_start, "random": random_start})

MOST_ROWS = 20_000
"""Starts look at no more rows than this, drawn at random: EM sees them all, and a start need only be near."""

MEMBERSHIPS = 2**22
"""Memberships, rows × components, that starts hold at a time."""


def starting_parameters(
    posterior: Posterior, *, start: object, starts: int, seed: int, components: Sequence[int] | None = None
) -> MixtureParameters:
    """Parameters for every start, stacked along a leading axis: `starts` random ones, or the single one given.

    Args:
        posterior: rows, and the shape of the parameters.
        start: a name, or one given start.
        starts: how many random ones.
        seed: of those.
        components: numbers of components no larger than the shape's, each to have `starts` of its own, one number after
            another; components beyond them have weight 0. By default the shape's alone.

    Raises:
        InputError: an unknown name, or a given start that does not fit the mixture and the data.
    """
    shape, held = posterior.shape, posterior.rows
    numbers = [shape.components] if components is None else components
    data = scale_of_rows(held)
    if not isinstance(start, str):
        found = given_start(start, held, shape, as_jax(prior_of_starts(shape, data)))
        return jax.tree.map(lambda leaf: np.asarray(leaf)[None], found)
    if start not in STARTS:
        raise InputError(f"start: none is called {start!r}; choose one of {', '.join(STARTS)}, or give parameters.")
    weak = jax.tree.map(
        lambda *leaves: jnp.asarray(np.repeat(np.stack(leaves), starts, axis=0)),
        *(padded_prior(prior_of_starts(replace(shape, components=k), data), k, shape.components, data) for k in numbers),
    )
    keys = jnp.tile(jax.random.split(jax.random.key(seed), starts), len(numbers))
    return random_starts(STARTS[start], keys, thinned(held, seed), shape, weak)


def scale_of_rows(rows: Rows) -> DataScale:
    """`DataScale` of rows, whatever their origin, precision and weights."""
    weights = np.asarray(rows.weights, dtype=float)
    data = data_scale(np.asarray(rows.columns).T, None if (weights == 1).all() else weights)
    return DataScale(data.centre + np.asarray(rows.origin), data.covariance)


def thinned(rows: Rows, seed: int) -> Rows:
    """At most `MOST_ROWS` of the rows that count, any as likely as another; their weights go with them."""
    if rows.weights.shape[0] <= MOST_ROWS:
        return rows
    counted = np.flatnonzero(np.asarray(rows.weights))
    chosen = np.sort(np.random.default_rng(seed).choice(counted, min(MOST_ROWS, counted.size), replace=False))
    columns, weights = np.asarray(rows.columns)[:, chosen], np.asarray(rows.weights)[chosen]
    return Rows(jnp.asarray(columns), jnp.asarray(weights), rows.origin, rows.centre, rows.reach)


def prior_of_starts(shape: MixtureShape, data: DataScale) -> AbstractConjugatePrior:
    """The weak default, made a little stronger where it would leave a start that EM cannot climb from.

    One row more, shared by all components, since EM cannot leave a weight of 0; a millionth more variance for each feature,
    since the data's covariance is singular where there are no more rows than features.
    """
    regular = DataScale(data.centre, data.covariance + 1e-6 * np.diag(np.diagonal(data.covariance)))
    return conjugate_prior(shape, regular, concentration=1 + 1 / shape.components)


@compiled_once
def random_starts(start: Start, keys: Array, rows: Rows, shape: MixtureShape, weak: PaddedPrior) -> MixtureParameters:
    """Starts side by side, as many at a time as memory should hold the memberships of."""
    together = max(1, MEMBERSHIPS // (rows.weights.shape[0] * shape.components))
    return mapped(lambda lane: start(lane[0], rows, shape, lane[1]), (keys, weak), together=together)

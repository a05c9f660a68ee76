"""Where EM begins: the registry of kinds, and starting parameters of any of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.residuals import statistics_of_memberships
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.mixture.scale import DataScale
from gmm_ppl.namespace import is_traced
from gmm_ppl.priors.builders import conjugate_prior
from gmm_ppl.priors.kernel import ConjugateKernel
from gmm_ppl.records import map_arrays
from gmm_ppl.starts.given import given_memberships, given_parameters
from gmm_ppl.starts.partitions import PARTITIONS
from gmm_ppl.starts.partitions.places import Places, places_of
from gmm_ppl.starts.random import random_means
from gmm_ppl.types import Array, Float

__all__ = ["STARTS", "Beginnings", "check_start", "starting_kernel"]

STARTS: Mapping[str, str] = MappingProxyType(
    {
        "several": "short runs of several kinds, the best distinct ones to their ends, then splits and merges",
        "random": "random rows as means, with the covariance of all rows",
        **{name: str(partition.__doc__).splitlines()[0].rstrip(".") for name, partition in PARTITIONS.items()},
    }
)
"""Names of starts that a fit can be asked for, and what each is."""

MOST_ROWS = 20_000
"""Starts look at no more rows than this, drawn at random: EM sees them all, and a start need only be near."""

MEMBERSHIPS = 2**22
"""Memberships, rows × components, that starts hold at a time."""


@dataclass(frozen=True, eq=False)
class Beginnings:
    """Starting parameters for rows: M-steps of the weak default prior, whatever prior the fit has, so that none is singular."""

    all_rows: Rows
    shape: MixtureShape
    scale: DataScale
    seed: int

    @cached_property
    def rows(self) -> Rows:
        """At most `MOST_ROWS` of the rows that count."""
        return thinned(self.all_rows, self.seed)

    @cached_property
    def places(self) -> Places:
        """The same as partitions see them."""
        columns, weights = np.asarray(self.rows.columns, dtype=float), np.asarray(self.rows.weights, dtype=float)
        return places_of(columns.T, weights, self.seed)

    @cached_property
    def kernel(self) -> ConjugateKernel:
        """Of the prior of the M-steps."""
        return starting_kernel(self.shape, self.scale)

    def draw(self, kind: str, count: int) -> MixtureParameters:
        """`count` random starts of a kind, stacked along a leading axis; the same ones for the same seed.

        Raises:
            InputError: an unknown name.
        """
        check_start(kind)
        rng = np.random.default_rng([self.seed, *kind.encode()])
        if kind == "random":
            return self.random(rng, count)
        together = max(1, MEMBERSHIPS // (self.rows.weights.size * self.shape.components))
        sizes = [min(together, count - done) for done in range(0, count, together)]
        drawn = [self.of_memberships(PARTITIONS[kind](rng, self.places, self.shape.components, size)) for size in sizes]
        return map_arrays(lambda *leaves: np.concatenate(leaves), *drawn)

    def random(self, rng: np.random.Generator, count: int) -> MixtureParameters:
        """K distinct rows (drawn by their weights) as means, equal weights, one common covariance: that of all rows."""
        components = self.shape.components
        equal = np.full((1, self.rows.weights.size, components), 1 / components)
        whole = map_arrays(lambda leaf: np.repeat(leaf, count, axis=0), self.of_memberships(equal))
        means = self.rows.origin + random_means(rng, self.rows, components, count)
        return MixtureParameters(np.full((count, components), 1 / components), means, whole.covariance)

    def of_memberships(self, memberships: Float[np.ndarray, "S N K"]) -> MixtureParameters:
        """The M-steps from memberships of `rows`."""
        return parameters_of(self.rows, memberships, self.kernel, self.shape)

    def given(self, start: object) -> MixtureParameters:
        """The one start that was given: `MixtureParameters`, a fit that has them, responsibilities (N, K) or labels (N,).

        Raises:
            InputError: another type, shape or family; rows that do not sum to one; labels out of range.
        """
        parameters = getattr(start, "parameters", start)
        if isinstance(parameters, MixtureParameters):
            found = given_parameters(parameters, self.shape)
            return map_arrays(lambda leaf: np.asarray(leaf)[None], found)
        memberships = given_memberships(start, self.all_rows.weights.size, self.shape.components)
        return parameters_of(self.all_rows, memberships[None], self.kernel, self.shape)


def check_start(name: str) -> None:
    """Refuse a name that no kind of start has."""
    if name not in STARTS:
        raise InputError(f"start: none is called {name!r}; choose one of {', '.join(STARTS)}, or give parameters.")


def parameters_of(held: Rows, memberships: Array, kernel: ConjugateKernel, shape: MixtureShape) -> MixtureParameters:
    """The M-step from memberships of rows."""
    return kernel.given(statistics_of_memberships(held, memberships, shape.family.moment)).mode(shape)


def starting_kernel(shape: MixtureShape, data: DataScale) -> ConjugateKernel:
    """The weak default, made a little stronger where it would leave a start that EM cannot climb from.

    One row more, shared by all components, since EM cannot leave a weight of 0; a millionth more variance for each feature,
    since the data's covariance is singular where there are no more rows than features.
    """
    variances = data.covariance.diagonal()
    # Of a constant feature too: EM under a ridge climbs from there.
    floor = variances if is_traced(variances) else np.where(variances > 0, variances, 1.0)
    regular = DataScale(data.centre, data.covariance + 1e-6 * (floor[:, None] * np.eye(shape.features)))
    return conjugate_prior(shape, regular, concentration=1 + 1 / shape.components).kernel(shape)


def thinned(rows: Rows, seed: int) -> Rows:
    """At most `MOST_ROWS` of the rows that count, any as likely as another; their weights go with them."""
    if rows.weights.size <= MOST_ROWS:
        return rows
    counted = np.flatnonzero(rows.weights)
    chosen = np.sort(np.random.default_rng(seed).choice(counted, min(MOST_ROWS, counted.size), replace=False))
    return Rows(rows.columns[:, chosen], rows.weights[chosen], rows.origin, rows.centre, rows.reach)

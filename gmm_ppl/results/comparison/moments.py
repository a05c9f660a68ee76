"""What every covariance family can be compared by: weights, means, standard deviations, correlations."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gmm_ppl.results.labels import SAMPLE, covariance_of, dense_covariances, parameter_names, parameters_of
from gmm_ppl.results.limits import spaced

MOST_DRAWS = 2000
"""Draws, evenly spaced over all chains, that means, deviations and intervals of a comparison are computed from."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Arrays with one leading axis S, of length 1 for a point.

    Attributes:
        weights: (S, K).
        means: (S, K, D), units of x.
        covariances: (S, K, D, D), squared units.
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    @property
    def centre(self) -> "Moments":
        """Their mean over S, as one point."""
        return Moments(*(each.mean(axis=0, keepdims=True) for each in (self.weights, self.means, self.covariances)))

    def ordered(self, order: np.ndarray) -> "Moments":
        """Components in the order given, by position."""
        return Moments(self.weights[:, order], self.means[:, order], self.covariances[:, order])


def point_of(tree: xr.DataTree) -> Moments | None:
    """The EM point; None where there is none."""
    return _moments(tree["em_fit"].dataset, covariance_of(tree)) if "em_fit" in tree.children else None


def draws_of(tree: xr.DataTree) -> Moments | None:
    """At most `MOST_DRAWS` draws, evenly spaced; None where there are none."""
    if "posterior" not in tree.children:
        return None
    flat = tree["posterior"].dataset[list(parameter_names(tree))].stack({"sample_": SAMPLE}, create_index=False)
    return _moments(flat.isel(sample_=spaced(flat.sizes["sample_"], MOST_DRAWS)), covariance_of(tree))


def centre_of(point: Moments | None, draws: Moments | None) -> Moments:
    """The EM point, and else the mean of the draws; there is one of them."""
    return next(each.centre for each in (point, draws) if each is not None)


def _moments(dataset: xr.Dataset, covariance: str) -> Moments:
    parameters = parameters_of(dataset, covariance)
    found = np.asarray(parameters.weights), np.asarray(parameters.means), dense_covariances(parameters)
    return Moments(*(each[None] if found[0].ndim == 1 else each for each in found))


def scalars_of(moments: Moments, labels: np.ndarray, features: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Every scalar's draws, (S,), under a label like `sds[0, waiting]`; `labels` numbers the components."""
    return dict(_scalars(moments, labels, features))


def _scalars(moments: Moments, labels: np.ndarray, features: tuple[str, ...]) -> Iterator[tuple[str, np.ndarray]]:
    deviations = np.sqrt(np.diagonal(moments.covariances, axis1=-2, axis2=-1))
    for at, label in enumerate(labels):
        yield f"weights[{label}]", moments.weights[:, at]
    for name, values in (("means", moments.means), ("sds", deviations)):
        for at, label in enumerate(labels):
            for feature, words in enumerate(features):
                yield f"{name}[{label}, {words}]", values[:, at, feature]
    for at, label in enumerate(labels):
        for one in range(len(features)):
            for other in range(one + 1, len(features)):
                scale = deviations[:, at, one] * deviations[:, at, other]
                yield f"correlations[{label}, {features[one]}, {features[other]}]", moments.covariances[:, at, one, other] / scale

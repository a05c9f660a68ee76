"""What every covariance family can be compared by: weights, means, standard deviations, correlations."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from gmm_ppl.results.gaussians import Gaussians, draws_of, point_of

MOST_DRAWS = 2000
"""Draws, evenly spaced over all chains, that means, deviations and intervals of a comparison are computed from."""


def point_if_any(tree: xr.DataTree) -> Gaussians | None:
    """The EM point; None where there is none."""
    return point_of(tree) if "em_fit" in tree.children else None


def draws_if_any(tree: xr.DataTree) -> Gaussians | None:
    """At most `MOST_DRAWS` draws; None where there are none."""
    return draws_of(tree, MOST_DRAWS) if "posterior" in tree.children else None


def centre_of(point: Gaussians | None, draws: Gaussians | None) -> Gaussians:
    """The EM point, and else the mean of the draws; there is one of them."""
    return draws.centre if point is None and draws is not None else point  # pyright: ignore[reportReturnType]


def scalars_of(fit: Gaussians, labels: np.ndarray, features: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Every scalar, (…,) of several, under a label like `sds[0, waiting]`; `labels` numbers the components."""
    return dict(_scalars(fit, labels, features))


def _scalars(fit: Gaussians, labels: np.ndarray, features: tuple[str, ...]) -> Iterator[tuple[str, np.ndarray]]:
    deviations = fit.deviations
    for at, label in enumerate(labels):
        yield f"weights[{label}]", fit.weights[..., at]
    for name, values in (("means", fit.means), ("sds", deviations)):
        for at, label in enumerate(labels):
            for feature, words in enumerate(features):
                yield f"{name}[{label}, {words}]", values[..., at, feature]
    for at, label in enumerate(labels):
        for one in range(len(features)):
            for other in range(one + 1, len(features)):
                scale = deviations[..., at, one] * deviations[..., at, other]
                yield f"correlations[{label}, {features[one]}, {features[other]}]", fit.covariances[..., at, one, other] / scale

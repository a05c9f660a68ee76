"""What every covariance family can be drawn and compared by: weights, means and dense covariances, in plain arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from gmm_ppl.results.labels import SAMPLE, covariance_of, parameter_names, parameters_of
from gmm_ppl.results.limits import spaced


@dataclass(frozen=True, eq=False)
class Gaussians:
    """Weights (…, K), means (…, K, D), in units of x, and covariances (…, K, D, D), in squared units."""

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    @property
    def deviations(self) -> np.ndarray:
        """Standard deviation of each component along each feature, (…, K, D)."""
        return np.sqrt(np.diagonal(self.covariances, axis1=-2, axis2=-1))

    @property
    def centre(self) -> "Gaussians":
        """The mean over the leading axis."""
        return Gaussians(*(each.mean(axis=0) for each in (self.weights, self.means, self.covariances)))

    def take(self, chosen: Any) -> "Gaussians":
        """Some of several along the leading axis, or one of them."""
        return Gaussians(self.weights[chosen], self.means[chosen], self.covariances[chosen])

    def ordered(self, order: np.ndarray) -> "Gaussians":
        """Components in the order given, by position."""
        return Gaussians(self.weights[..., order], self.means[..., order, :], self.covariances[..., order, :, :])


def point_of(tree: xr.DataTree) -> Gaussians:
    """The EM point."""
    return gaussians_of(tree["em_fit"].dataset, covariance_of(tree))


def draws_of(tree: xr.DataTree, most: int) -> Gaussians:
    """At most `most` draws, evenly spaced over all chains, along one leading axis."""
    flat = tree["posterior"].dataset[list(parameter_names(tree))].stack({"sample_": SAMPLE}, create_index=False)
    return gaussians_of(flat.isel(sample_=spaced(flat.sizes["sample_"], most)), covariance_of(tree))


def gaussians_of(dataset: xr.Dataset, covariance: str) -> Gaussians:
    """The parameters that a group holds."""
    parameters = parameters_of(dataset, covariance)
    return Gaussians(parameters.weights, parameters.means, parameters.covariances)

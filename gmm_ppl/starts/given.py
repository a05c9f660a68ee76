"""Starts that the caller gives: parameters, an earlier fit, responsibilities or labels."""

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape, mixture_parameters
from gmm_ppl.types import Float


def given_memberships(start: object, count: int, components: int) -> Float[np.ndarray, "N K"]:
    """Responsibilities or labels of so many rows as memberships; InputError where they are neither."""
    array = as_array(start)
    if array.shape == (count,):
        array = one_hot(array, components)
    if array.shape != (count, components):
        raise InputError(
            f"start: give a name, MixtureParameters, a fit, responsibilities {(count, components)} or labels {(count,)}; "
            f"given {type(start).__name__} of shape {array.shape}."
        )
    memberships = array.astype(np.float64)
    if not (np.isfinite(memberships).all() and (memberships >= 0).all() and np.allclose(memberships.sum(axis=1), 1)):
        raise InputError("start: responsibilities must be finite and non-negative, and each row must sum to one.")
    return memberships


def as_array(start: object) -> np.ndarray:
    """What was given, or one object where xarray and others refuse to be arrays."""
    try:
        return np.asarray(start)
    except (TypeError, ValueError):
        return np.array(None)


def given_parameters(parameters: MixtureParameters, shape: MixtureShape) -> MixtureParameters:
    """Parameters of the right shape and family, checked."""
    if parameters.shape != shape:
        given, wanted = parameters.shape, shape
        raise InputError(
            f"start: the parameters are of {given.components} {given.family.name} components in {given.features} features; the "
            f"mixture has {wanted.components} {wanted.family.name} in {wanted.features}."
        )
    return mixture_parameters(parameters.weights, parameters.means, parameters.covariance.sites, covariance=shape.family.name)


def one_hot(labels: np.ndarray, components: int) -> np.ndarray:
    """Labels as memberships; InputError where one is not 0 … K − 1."""
    whole = np.issubdtype(labels.dtype, np.integer)
    if not whole or labels.min() < 0 or labels.max() >= components:
        raise InputError(f"start: labels must be whole numbers from 0 to {components - 1}; given {np.unique(labels).tolist()}.")
    return np.eye(components)[labels]

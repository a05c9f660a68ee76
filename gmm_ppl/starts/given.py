"""Starts that the caller gives: parameters, an earlier fit, responsibilities or labels."""

import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape, mixture_parameters
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.priors import AbstractConjugatePrior
from gmm_ppl.starts.base import parameters_of_memberships


def given_start(start: object, rows: Rows, shape: MixtureShape, weak: AbstractConjugatePrior) -> MixtureParameters:
    """Starting parameters from whatever was given.

    Args:
        start: `MixtureParameters`, a fit that has them as `.parameters`, responsibilities (N, K) whose rows sum to one, or
            labels (N,) of 0 … K − 1.
        rows: of data.
        shape: of the mixture.
        weak: prior of the M-step that turns memberships into parameters.

    Raises:
        InputError: another type, shape or family; rows that do not sum to one; labels out of range.
    """
    parameters = getattr(start, "parameters", start)
    if isinstance(parameters, MixtureParameters):
        return given_parameters(parameters, shape)
    count, array = rows.weights.shape[0], np.asarray(start)
    if array.shape == (count,):
        array = one_hot(array, shape.components)
    if array.shape != (count, shape.components):
        raise InputError(
            f"start: give a name, MixtureParameters, a fit, responsibilities {(count, shape.components)} or labels {(count,)}; "
            f"given {type(start).__name__} of shape {array.shape}."
        )
    memberships = array.astype(np.float64)
    if not (np.isfinite(memberships).all() and (memberships >= 0).all() and np.allclose(memberships.sum(axis=1), 1)):
        raise InputError("start: responsibilities must be finite and non-negative, and each row must sum to one.")
    return parameters_of_memberships(rows, jnp.asarray(memberships), shape, weak)


def given_parameters(parameters: MixtureParameters, shape: MixtureShape) -> MixtureParameters:
    """Parameters of the right shape and family, checked."""
    if parameters.shape != shape:
        given, wanted = parameters.shape, shape
        raise InputError(
            f"start: the parameters are of {given.components} {given.family.name} components in {given.features} features; the "
            f"mixture has {wanted.components} {wanted.family.name} in {wanted.features}."
        )
    checked = mixture_parameters(parameters.weights, parameters.means, parameters.covariance.values, covariance=shape.family.name)
    return jax.tree.map(jnp.asarray, checked)


def one_hot(labels: np.ndarray, components: int) -> np.ndarray:
    """Labels as memberships; InputError where one is not 0 … K − 1."""
    whole = np.issubdtype(labels.dtype, np.integer)
    if not whole or labels.min() < 0 or labels.max() >= components:
        raise InputError(f"start: labels must be whole numbers from 0 to {components - 1}; given {np.unique(labels).tolist()}.")
    return np.eye(components)[labels]

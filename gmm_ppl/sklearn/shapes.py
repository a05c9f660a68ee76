"""Covariances and precisions in scikit-learn's shapes: a factor P of each precision with P Pᵀ = Σ⁻¹."""

import numpy as np
from scipy.linalg import solve_triangular

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import AbstractCovariance, find_family
from gmm_ppl.mixture.parameters import check_matrix

FAMILY_NAMES = {"full": "full", "tied": "tied", "diag": "diagonal", "spherical": "spherical"}
"""Our name of each `covariance_type`."""


def family_of(covariance_type: object) -> type[AbstractCovariance]:
    """The covariance family; InputError lists the known types."""
    if not isinstance(covariance_type, str) or covariance_type not in FAMILY_NAMES:
        raise InputError(f"covariance_type: choose one of {', '.join(FAMILY_NAMES)}; given {covariance_type!r}.")
    return find_family(FAMILY_NAMES[covariance_type])


def precision_factors(values: np.ndarray, *, matrix: bool) -> np.ndarray:
    """P of covariance values: upper triangular, the transposed inverse of Cholesky's L, for matrices; 1 / σ for variances."""
    if not matrix:
        return 1 / np.sqrt(values)
    roots = np.linalg.cholesky(values)
    identity = np.eye(values.shape[-1])
    inverses = [solve_triangular(each, identity, lower=True).T for each in roots.reshape(-1, *identity.shape)]
    return np.reshape(inverses, values.shape)


def precisions(factors: np.ndarray, *, matrix: bool) -> np.ndarray:
    """Σ⁻¹ = P Pᵀ."""
    return factors @ np.swapaxes(factors, -1, -2) if matrix else factors**2


def covariances_of_precisions(given: object, family: type[AbstractCovariance], components: int, features: int) -> np.ndarray:
    """Covariance values of `precisions_init`, checked.

    Raises:
        InputError: a shape that the family does not have, or a precision that is not positive definite.
    """
    shape = family.value_shape(components, features)
    values = given_array("precisions_init", given, shape)
    if not family.matrix:
        if (values <= 0).any():
            raise InputError(f"precisions_init must be positive; the smallest given is {values.min():.6g}.")
        return 1 / values
    for index, each in enumerate(values.reshape(-1, features, features)):
        check_matrix(each, f"precisions_init: precision matrix {index}")
    inverses = np.linalg.inv(values)
    return (inverses + np.swapaxes(inverses, -1, -2)) / 2


def given_array(name: str, given: object, shape: tuple[int, ...]) -> np.ndarray:
    """Finite numbers of a known shape in double precision; InputError names the argument."""
    try:
        array = np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be numbers of shape {shape}; given {given!r}.") from error
    if array.shape != shape:
        raise InputError(f"{name} must have shape {shape}; given {array.shape}.")
    if not np.isfinite(array).all():
        raise InputError(f"{name} must be finite; given {array.tolist()}.")
    return array

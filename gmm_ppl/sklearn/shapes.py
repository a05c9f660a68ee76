"""Covariances and precisions in scikit-learn's shapes: a factor P of each precision with P Pᵀ = Σ⁻¹."""

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import AbstractCovariance, Part, find_family
from gmm_ppl.mixture.triangular import inverse_cholesky

FAMILY_NAMES = {"full": "full", "tied": "tied", "diag": "diagonal", "spherical": "spherical"}
"""Our name of each `covariance_type`, all of families with one part."""


def family_of(covariance_type: object) -> type[AbstractCovariance]:
    """The covariance family; InputError lists the known types."""
    if not isinstance(covariance_type, str) or covariance_type not in FAMILY_NAMES:
        raise InputError(f"covariance_type: choose one of {', '.join(FAMILY_NAMES)}; given {covariance_type!r}.")
    return find_family(FAMILY_NAMES[covariance_type])


def inverse_factors(values: np.ndarray, part: Part) -> np.ndarray:
    """P of each value v of a part with P Pᵀ = v⁻¹: of matrices upper triangular, the transposed inverse of Cholesky's L."""
    return inverse_cholesky(values).swapaxes(-1, -2) if part.support.axes else 1 / np.sqrt(values)


def inverses(factors: np.ndarray, part: Part) -> np.ndarray:
    """v⁻¹ = P Pᵀ."""
    return factors @ factors.swapaxes(-1, -2) if part.support.axes else factors**2


def covariances_of_precisions(given: object, part: Part, components: int, features: int) -> np.ndarray:
    """The part of covariances with these `precisions_init`, checked.

    Raises:
        InputError: a shape that the part does not have, or a precision that is not positive definite.
    """
    values = given_array("precisions_init", given, part.shape(components, features))
    part.support.check(values, "precisions_init")
    return inverses(inverse_factors(values, part), part)


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

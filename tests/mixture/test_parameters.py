"""The checked way in: what is accepted, and each refusal word for word."""

import jax
import numpy as np
import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import mixture_parameters
from tests.cases import FAMILY_NAMES, given_covariances, random_parameters

WEIGHTS, MEANS = [0.25, 0.75], [[0.0, 1.0], [2.0, 3.0]]
EYE = np.eye(2)
FULL = np.stack([EYE, EYE])


@pytest.mark.parametrize("name", FAMILY_NAMES)
def test_good_numbers_are_kept_in_double_precision(name):
    given = random_parameters(name)
    covariances = given_covariances({part: values.tolist() for part, values in given.covariance.sites.items()})
    built = mixture_parameters(given.weights.tolist(), given.means.tolist(), covariances, covariance=name)
    assert built.shape == given.shape
    for found, wanted in zip(jax.tree.leaves(built), jax.tree.leaves(given), strict=True):
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, wanted)
    assert tuple(built.sites) == tuple(part.name for part in built.shape.parts)


@pytest.mark.parametrize("name", FAMILY_NAMES)
def test_dense_covariances_of_a_fit_stay_in_double_precision(name):
    """Outside `jax.enable_x64`, where a user reads them."""
    parameters = random_parameters(name)
    assert parameters.covariances.dtype == np.float64
    assert isinstance(parameters.covariances, np.ndarray)


def test_the_parameters_are_a_copy():
    weights = np.array(WEIGHTS)
    built = mixture_parameters(weights, MEANS, FULL)
    weights[0] = 7
    np.testing.assert_array_equal(built.weights, WEIGHTS)


def test_a_covariance_in_tiny_units_is_still_positive_definite():
    values = 1e-200 * np.array([[1.0, 0.5e-50], [0.5e-50, 1e-100]])
    built = mixture_parameters([1.0], [[0.0, 0.0]], values[None])
    np.testing.assert_array_equal(built.covariances[0], values)


def test_a_weight_of_zero_is_allowed():
    assert mixture_parameters([0.0, 1.0], MEANS, FULL).weights[0] == 0


REFUSALS = {
    "means are no matrix": (
        {"means": [0.0, 1.0]},
        "weights must have shape (K,) and means (K, D); given (2,) and (2,).",
    ),
    "another number of weights": (
        {"weights": [1.0]},
        "weights must have shape (K,) and means (K, D); given (1,) and (2, 2).",
    ),
    "shape of another family": (
        {"covariances": EYE},
        "covariances of the full family must have shape (2, 2, 2); given (2, 2).",
    ),
    "shape of a tied covariance": (
        {"covariance": "tied"},
        "covariance of the tied family must have shape (2, 2); given (2, 2, 2).",
    ),
    "not a number": (
        {"means": [[0.0, np.nan], [2.0, 3.0]]},
        "means must be finite; given [[0.0, nan], [2.0, 3.0]].",
    ),
    "infinite variance": (
        {"covariances": [1.0, np.inf], "covariance": "spherical"},
        "variances must be finite; given [1.0, inf].",
    ),
    "negative weight": (
        {"weights": [-0.5, 1.5]},
        "weights must be non-negative and sum to one; given [-0.5, 1.5], sum 1.",
    ),
    "weights that do not sum to one": (
        {"weights": [0.25, 0.7]},
        "weights must be non-negative and sum to one; given [0.25, 0.7], sum 0.95.",
    ),
    "variance of zero": (
        {"covariances": [[1.0, 0.0], [1.0, 1.0]], "covariance": "diagonal"},
        "variances must be positive; the smallest given is 0.",
    ),
    "not symmetric": (
        {"covariances": [EYE, [[1.0, 0.5], [0.1, 1.0]]]},
        "covariances, matrix 1, must be symmetric; given [[1.0, 0.5], [0.1, 1.0]].",
    ),
    "not positive definite": (
        {"covariances": [EYE, [[1.0, 2.0], [2.0, 1.0]]]},
        "covariances, matrix 1, must be positive definite; given [[1.0, 2.0], [2.0, 1.0]].",
    ),
    "negative diagonal": (
        {"covariances": [[-1.0, 0.0], [0.0, 1.0]], "covariance": "tied"},
        "covariance must be positive definite; given [[-1.0, 0.0], [0.0, 1.0]].",
    ),
    "parts as one array": (
        {"covariances": [1.0, 1.0], "covariance": "diagonal_tied_shape"},
        "covariances of the diagonal_tied_shape family are a mapping of volumes, shape; given volumes.",
    ),
    "a part too few": (
        {"covariances": {"volume": 1.0}, "covariance": "full_tied_volume"},
        "covariances of the full_tied_volume family are a mapping of volume, shapes; given volume.",
    ),
    "a shape of another volume": (
        {"covariances": {"volumes": [1.0, 2.0], "shape": [2.0, 1.0]}, "covariance": "diagonal_tied_shape"},
        "shape must be positive, their product one; given [2.0, 1.0].",
    ),
    "a matrix of another volume": (
        {"covariances": {"volume": 1.0, "shapes": [EYE, 2 * EYE]}, "covariance": "full_tied_volume"},
        "shapes must have determinant one; given [[[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [0.0, 2.0]]].",
    ),
    "unknown family": (
        {"covariance": "ful"},
        f"covariance: no family is called 'ful'; choose one of {', '.join(FAMILY_NAMES)}.",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case):
    changed, message = REFUSALS[case]
    arguments = {"weights": WEIGHTS, "means": MEANS, "covariances": FULL, **changed}
    with pytest.raises(InputError) as caught:
        mixture_parameters(**arguments)
    assert str(caught.value) == message

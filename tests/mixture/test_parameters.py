"""The checked way in: what is accepted, and each refusal word for word."""

import jax
import numpy as np
import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import mixture_parameters
from tests.cases import FAMILY_NAMES, random_parameters

WEIGHTS, MEANS = [0.25, 0.75], [[0.0, 1.0], [2.0, 3.0]]
EYE = np.eye(2)
FULL = np.stack([EYE, EYE])


@pytest.mark.parametrize("name", FAMILY_NAMES)
def test_good_numbers_are_kept_in_double_precision(name):
    given = random_parameters(name)
    built = mixture_parameters(given.weights.tolist(), given.means.tolist(), given.covariance.values.tolist(), covariance=name)
    assert built.shape == given.shape
    for found, wanted in zip(jax.tree.leaves(built), jax.tree.leaves(given), strict=True):
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, wanted)
    assert set(built.sites) == {"weights", "means", built.covariance.site}


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
    np.testing.assert_array_equal(built.covariance.values[0], values)


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
        "covariances of the tied family must have shape (2, 2); given (2, 2, 2).",
    ),
    "not a number": (
        {"means": [[0.0, np.nan], [2.0, 3.0]]},
        "means must be finite; given [[0.0, nan], [2.0, 3.0]].",
    ),
    "infinite variance": (
        {"covariances": [1.0, np.inf], "covariance": "spherical"},
        "covariances must be finite; given [1.0, inf].",
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
        "covariance matrix 1 must be symmetric; given [[1.0, 0.5], [0.1, 1.0]].",
    ),
    "not positive definite": (
        {"covariances": [EYE, [[1.0, 2.0], [2.0, 1.0]]]},
        "covariance matrix 1 must be positive definite; given [[1.0, 2.0], [2.0, 1.0]].",
    ),
    "negative diagonal": (
        {"covariances": [[-1.0, 0.0], [0.0, 1.0]], "covariance": "tied"},
        "covariance matrix 0 must be positive definite; given [[-1.0, 0.0], [0.0, 1.0]].",
    ),
    "unknown family": (
        {"covariance": "ful"},
        "covariance: no family is called 'ful'; choose one of full, tied, diagonal, spherical.",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case):
    changed, message = REFUSALS[case]
    arguments = {"weights": WEIGHTS, "means": MEANS, "covariances": FULL, **changed}
    with pytest.raises(InputError) as caught:
        mixture_parameters(**arguments)
    assert str(caught.value) == message

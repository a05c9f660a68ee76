"""Starts that a caller gives: parameters, fits, responsibilities and labels, and each refusal word for word."""

from types import SimpleNamespace

import numpy as np
import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import find_family
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.rows import rows
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.starts import Beginnings
from tests.cases import FAMILY_NAMES, random_parameters, random_rows

N, K, D = 12, 3, 2
X = random_rows(N)
LABELS = np.arange(N) % K


def start_at(start, family="full"):
    """The one start that was given."""
    begun = Beginnings(rows(X), MixtureShape(K, D, find_family(family)), data_scale(X), seed=0)
    found = begun.given(start)
    assert {leaf.shape[0] for leaf in found.sites.values()} == {1}
    sites = {name: leaf[0] for name, leaf in found.sites.items()}
    return MixtureParameters(sites["weights"], sites["means"], type(found.covariance).from_sites(sites))


def assert_equal(found, wanted):
    for name, each in found.sites.items():
        np.testing.assert_array_equal(each, wanted.sites[name])


@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("wrapped", [False, True])
def test_parameters_and_fits_are_taken_as_they_are(family, wrapped):
    parameters = random_parameters(family)
    assert_equal(start_at(SimpleNamespace(parameters=parameters) if wrapped else parameters, family), parameters)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_labels_are_responsibilities_of_zero_and_one(family):
    by_labels, by_memberships = start_at(LABELS, family), start_at(np.eye(K)[LABELS], family)
    assert_equal(by_labels, by_memberships)
    np.testing.assert_allclose(by_labels.weights, np.full(K, 1 / K), rtol=1e-12)


def test_responsibilities_go_through_the_m_step_of_the_weak_prior():
    memberships = np.random.default_rng(4).dirichlet(np.ones(K), size=N)
    found = start_at(memberships)
    count = memberships.sum(axis=0)
    means = memberships.T @ X / count[:, None]
    shrinkage = 0.01 / (count + 0.01)
    np.testing.assert_allclose(found.weights, (count + 1 / K) / (N + 1), rtol=1e-12)
    np.testing.assert_allclose(found.means, means + shrinkage[:, None] * (X.mean(axis=0) - means), rtol=1e-10)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_labels_may_leave_a_component_out(family):
    found = start_at(LABELS % 2, family)
    assert (found.weights > 0).all()
    np.testing.assert_allclose(found.means[2], X.mean(axis=0), rtol=1e-10)
    assert (np.linalg.eigvalsh(found.covariances)[:, 0] > 0).all()


WHAT = "start: give a name, MixtureParameters, a fit, responsibilities (12, 3) or labels (12,)"
ROWS = "start: responsibilities must be finite and non-negative, and each row must sum to one."
UNEVEN = np.full((N, K), 0.3)
NEGATIVE = np.tile([1.5, -0.5, 0.0], (N, 1))
GOOD = random_parameters("full")
REFUSALS = {
    "other rows": (LABELS[:5], f"{WHAT}; given ndarray of shape (5,)."),
    "other components": (np.eye(2)[LABELS % 2], f"{WHAT}; given ndarray of shape (12, 2)."),
    "nothing": (None, f"{WHAT}; given NoneType of shape ()."),
    "rows that do not sum to one": (UNEVEN, ROWS),
    "negative": (NEGATIVE, ROWS),
    "not a number": (np.full((N, K), np.nan), ROWS),
    "label too large": (LABELS + 1, "start: labels must be whole numbers from 0 to 2; given [1, 2, 3]."),
    "label below zero": (LABELS - 1, "start: labels must be whole numbers from 0 to 2; given [-1, 0, 1]."),
    "fractions": (LABELS / 2, "start: labels must be whole numbers from 0 to 2; given [0.0, 0.5, 1.0]."),
    "names": (
        np.array(["a", "b", "c"])[LABELS],
        "start: labels must be whole numbers from 0 to 2; given ['a', 'b', 'c'].",
    ),
    "another family": (
        random_parameters("tied"),
        "start: the parameters are of 3 tied components in 2 features; the mixture has 3 full in 2.",
    ),
    "another number of components": (
        random_parameters("full", components=2),
        "start: the parameters are of 2 full components in 2 features; the mixture has 3 full in 2.",
    ),
    "impossible parameters": (
        MixtureParameters(np.array([0.5, 0.5, 0.5]), GOOD.means, GOOD.covariance),
        "weights must be non-negative and sum to one; given [0.5, 0.5, 0.5], sum 1.5.",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case):
    start, message = REFUSALS[case]
    with pytest.raises(InputError) as caught:
        start_at(start)
    assert str(caught.value) == message

"""Every refusal of a prior, word for word."""

import numpy as np
import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.priors import prior_numbers, resolve_prior
from tests.cases import mixture_shape, random_rows

DATA = data_scale(random_rows(30))
NUMBERS = "concentration, mean, mean_precision, degrees_of_freedom, scale"
SEPARATED = "concentration, mean, mean_scale, correlation_concentration, scale"
KINDS = "weak, flat, conjugate, separated, program"
SINGULAR = (
    "the data's covariance is singular: there are no more rows than features, or a feature is a linear function of others. The "
    "likelihood of covariances with correlations then has no maximum, and the weak prior no scale. Leave features out, choose a "
    "diagonal or spherical covariance, or state a scale (prior: {kind: conjugate, scale: …})."
)


def conjugate(**numbers):
    return {"kind": "conjugate", **numbers}


def separated(**numbers):
    return {"kind": "separated", **numbers}


ANY_FAMILY = {
    "unknown kind": ("flatt", f"prior: no kind is called 'flatt'. Did you mean 'flat'? Choose one of {KINDS}."),
    "nothing like a kind": ("xyz", f"prior: no kind is called 'xyz'. Choose one of {KINDS}."),
    "no kind": ({"concentration": 1.0}, f"prior: no kind is called None. Choose one of {KINDS}."),
    "kind that is no name": (
        {"kind": ["weak"]},
        f"prior: no kind is called ['weak']. Did you mean 'weak'? Choose one of {KINDS}.",
    ),
    "number": (3, f"prior: no kind is called 3. Choose one of {KINDS}."),
    "unknown number": (
        conjugate(concentation=1.0),
        f"prior conjugate: no number is called 'concentation'. Did you mean 'concentration'? It takes {NUMBERS}.",
    ),
    "number of another kind": (
        separated(degrees_of_freedom=3.0),
        f"prior separated: no number is called 'degrees_of_freedom'. It takes {SEPARATED}.",
    ),
    "number for weak": ({"kind": "weak", "mean": 0.0}, "prior weak: no number is called 'mean'. It takes none."),
    "number that is no name": (conjugate() | {3: 1.0}, f"prior conjugate: no number is called 3. It takes {NUMBERS}."),
    "concentration of zero": (conjugate(concentration=0), "prior: concentration must be positive; given 0."),
    "negative concentration": (
        separated(concentration=[1.0, -1.0, 2.0]),
        "prior: concentration must be positive; given [1.0, -1.0, 2.0].",
    ),
    "too few concentrations": (
        conjugate(concentration=[1.0, 2.0]),
        "prior: concentration must be one number or 3 of them; given [1.0, 2.0].",
    ),
    "concentration in words": (
        conjugate(concentration="many"),
        "prior: concentration must be a number or a list of numbers; given 'many'.",
    ),
    "ragged": (
        conjugate(scale=[[1.0], [1.0, 2.0]]),
        "prior: scale must be a number or a list of numbers; given [[1.0], [1.0, 2.0]].",
    ),
    "mean that is no number": (conjugate(mean=np.nan), "prior: mean must be finite; given nan."),
    "too many means": (separated(mean=[0.0, 1.0, 2.0]), "prior: mean must be one number or 2 of them; given [0.0, 1.0, 2.0]."),
    "mean precision of zero": (
        conjugate(mean_precision=0.0),
        "prior: mean_precision must be one number greater than 0; given 0.0.",
    ),
    "two mean precisions": (
        conjugate(mean_precision=[1.0, 2.0]),
        "prior: mean_precision must be one number greater than 0; given [1.0, 2.0].",
    ),
    "infinite scale": (conjugate(scale=np.inf), "prior: scale must be finite; given inf."),
    "negative mean scale": (separated(mean_scale=-1.0), "prior: mean_scale must be positive; given -1.0."),
    "correlation concentration of zero": (
        separated(correlation_concentration=0),
        "prior: correlation_concentration must be one number greater than 0; given 0.",
    ),
}


@pytest.mark.parametrize("case", ANY_FAMILY)
def test_refusals_whatever_the_family(case):
    statement, message = ANY_FAMILY[case]
    with pytest.raises(InputError) as caught:
        resolve_prior(statement, mixture_shape("full"), DATA)
    assert str(caught.value) == message


BY_FAMILY = {
    "too few degrees of freedom for a matrix": (
        "full",
        conjugate(degrees_of_freedom=1),
        "prior: degrees_of_freedom must be one number greater than 1; given 1.",
    ),
    "none for a variance": (
        "diagonal",
        conjugate(degrees_of_freedom=0.0),
        "prior: degrees_of_freedom must be one number greater than 0; given 0.0.",
    ),
    "matrix of another size": (
        "tied",
        conjugate(scale=np.eye(3).tolist()),
        "prior: scale must be a number, 2 numbers or a 2 × 2 matrix; given [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].",
    ),
    "matrix that is not symmetric": (
        "full",
        conjugate(scale=[[1.0, 0.5], [0.0, 1.0]]),
        "prior: scale must be symmetric positive definite; given [[1.0, 0.5], [0.0, 1.0]].",
    ),
    "matrix that is not positive definite": (
        "full",
        conjugate(scale=[[1.0, 2.0], [2.0, 1.0]]),
        "prior: scale must be symmetric positive definite; given [[1.0, 2.0], [2.0, 1.0]].",
    ),
    "matrix of negative variances": (
        "full",
        conjugate(scale=[[-1.0, 0.0], [0.0, -1.0]]),
        "prior: scale must be symmetric positive definite; given [[-1.0, 0.0], [0.0, -1.0]].",
    ),
    "matrix of zeros": (
        "full",
        conjugate(scale=[[0.0, 0.0], [0.0, 0.0]]),
        "prior: scale must be symmetric positive definite; given [[0.0, 0.0], [0.0, 0.0]].",
    ),
    "diagonal with a zero": ("full", conjugate(scale=[1.0, 0.0]), "prior: scale must be positive; given [1.0, 0.0]."),
    "matrix for variances": (
        "diagonal",
        conjugate(scale=[[1.0, 0.0], [0.0, 1.0]]),
        "prior: scale must be one number or 2 of them; given [[1.0, 0.0], [0.0, 1.0]].",
    ),
    "two scales for one variance": (
        "spherical",
        conjugate(scale=[1.0, 2.0]),
        "prior: scale must be one number greater than 0; given [1.0, 2.0].",
    ),
    "two deviations for one variance": (
        "spherical",
        separated(scale=[1.0, 2.0]),
        "prior: scale must be one number greater than 0; given [1.0, 2.0].",
    ),
}


@pytest.mark.parametrize("case", BY_FAMILY)
def test_refusals_of_a_family(case):
    family, statement, message = BY_FAMILY[case]
    with pytest.raises(InputError) as caught:
        resolve_prior(statement, mixture_shape(family), DATA)
    assert str(caught.value) == message


X = random_rows(30)
SINGULAR_ROWS = {"too few rows": X[:2], "linear function": np.column_stack([X, X @ [2.0, -1.0]])}


@pytest.mark.parametrize("rows", SINGULAR_ROWS)
@pytest.mark.parametrize("family", ["full", "tied"])
def test_data_whose_covariance_is_singular_are_no_scale_for_a_matrix(family, rows):
    data = data_scale(SINGULAR_ROWS[rows])
    shape = mixture_shape(family, features=data.centre.size)
    with pytest.raises(InputError) as caught:
        resolve_prior("weak", shape, data)
    assert str(caught.value) == SINGULAR


@pytest.mark.parametrize("rows", SINGULAR_ROWS)
def test_they_will_do_for_variances(rows):
    data = data_scale(SINGULAR_ROWS[rows])
    prior = resolve_prior("weak", mixture_shape("diagonal", features=data.centre.size), data)
    assert (prior.scale > 0).all()


def test_a_kind_that_is_asked_for_its_numbers_must_exist():
    with pytest.raises(InputError) as caught:
        prior_numbers("week")
    assert str(caught.value) == f"prior: no kind is called 'week'. Did you mean 'weak'? Choose one of {KINDS}."

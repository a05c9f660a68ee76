"""The contract of a covariance family, for every member of the registry, against NumPy on dense matrices."""

import jax
import numpy as np
import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import FAMILIES, count_values, find_family
from tests.cases import FAMILY_NAMES, random_matrix, random_parameters

K, D = 3, 2
pytestmark = pytest.mark.usefixtures("x64")
EACH = pytest.mark.parametrize("name", FAMILY_NAMES)

DENSE = {
    "full": lambda values: values,
    "tied": lambda values: np.stack([values] * K),
    "diagonal": lambda values: np.stack([np.diag(each) for each in values]),
    "spherical": lambda values: np.stack([each * np.eye(D) for each in values]),
}
POOLED = {
    "full": lambda each: each,
    "tied": lambda each: each.sum(axis=0),
    "diagonal": lambda each: each,
    "spherical": lambda each: each.sum(axis=1),
}
FREE = {"full": K * 3, "tied": 3, "diagonal": K * D, "spherical": K}


@jax.jit
def operations(covariance, residuals, second):
    """All that a family answers, in one compilation."""
    return {
        "whitened": covariance.whiten(residuals),
        "back": covariance.colour(covariance.whiten(residuals)),
        "forth": covariance.whiten(covariance.colour(residuals)),
        "log_determinant": covariance.log_determinant(D),
        "trace": covariance.trace_precision(second),
        "dense": covariance.dense(K, D),
    }


@pytest.mark.parametrize("name", DENSE)
def test_dense_matrices_are_what_the_formula_says(name):
    parameters = random_parameters(name)
    np.testing.assert_array_equal(parameters.covariance.dense(K, D), DENSE[name](parameters.covariance.values))
    np.testing.assert_array_equal(parameters.covariances, DENSE[name](parameters.covariance.values))


@EACH
def test_operations_agree_with_dense_algebra(name, rng):
    covariance = random_parameters(name).covariance
    residuals = rng.normal(size=(5, K, D))
    second = np.stack([random_matrix(rng, D) for _ in range(K)])
    given = second if covariance.matrix else np.diagonal(second, axis1=1, axis2=2)
    found = jax.tree.map(np.asarray, operations(covariance, residuals, given))
    dense = found["dense"]
    distances = np.einsum("nkd,kde,nke->nk", residuals, np.linalg.inv(dense), residuals)
    np.testing.assert_allclose((found["whitened"] ** 2).sum(-1), distances, rtol=1e-12)
    np.testing.assert_allclose(found["back"], residuals, rtol=1e-12)
    np.testing.assert_allclose(found["forth"], residuals, rtol=1e-12)
    log_determinants = np.broadcast_to(found["log_determinant"], K)
    np.testing.assert_allclose(log_determinants, np.linalg.slogdet(dense)[1], rtol=1e-12)
    # A family of variances is given the diagonal of S, which is all that its own diagonal precision meets.
    np.testing.assert_allclose(found["trace"], np.trace(np.linalg.inv(dense) @ second, axis1=1, axis2=2), rtol=1e-12)


@EACH
def test_coloured_noise_has_the_covariance(name):
    covariance = random_parameters(name).covariance
    # Σ = A Aᵀ, column by column: exact, no sampling needed.
    root = np.asarray(covariance.colour(np.broadcast_to(np.eye(D)[:, None], (D, K, D))))
    np.testing.assert_allclose(np.einsum("jkd,jke->kde", root, root), covariance.dense(K, D), rtol=1e-12)


@EACH
def test_shapes_and_counts(name):
    family = FAMILIES[name]
    values = random_parameters(name).covariance.values
    assert family.name == name
    assert values.shape == family.value_shape(K, D)
    assert len(family.dims) == values.ndim
    sizes = {"component": K, "feature": D, "feature_bis": D}
    assert tuple(sizes[each] for each in family.dims) == values.shape
    # Free numbers: those that differ between two random members, symmetric pairs once.
    entries = {tuple(sorted(index[-2:])) + index[:-2] for index in np.ndindex(values.shape)} if family.matrix else values.ravel()
    assert count_values(family, K, D) == len(entries)


@pytest.mark.parametrize("name", FREE)
def test_number_of_parameters(name):
    assert random_parameters(name).shape.n_parameters == (K - 1) + K * D + FREE[name]


@pytest.mark.parametrize("name", POOLED)
def test_pool_sums_what_shares_a_value(name, rng):
    per_component = rng.normal(size=(K, D, D) if FAMILIES[name].matrix else (K, D))
    np.testing.assert_allclose(FAMILIES[name].pool(per_component), POOLED[name](per_component), rtol=1e-14)


@EACH
def test_a_matrix_that_is_not_positive_definite_gives_nan_not_a_number(name):
    family = FAMILIES[name]
    values = random_parameters(name).covariance.values * 1.0
    values[...] = -1.0
    assert np.isnan(family(values).log_determinant(D)).all()


def test_an_unknown_family_is_refused():
    with pytest.raises(InputError) as caught:
        find_family("fulll")
    assert str(caught.value) == ("covariance: no family is called 'fulll'; choose one of full, tied, diagonal, spherical.")

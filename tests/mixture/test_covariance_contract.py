"""The contract of a covariance family, for every member of the registry, against NumPy on dense matrices."""

import jax
import numpy as np
import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import FAMILIES, find_family
from gmm_ppl.mixture.covariance.full_tied_volume import TiedVolumeCovariance
from tests.cases import FAMILY_NAMES, random_covariance, random_matrix, random_real
from tests.mixture.oracles import letters

K = 3
EACH = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILY_NAMES)
SIZES = pytest.mark.parametrize("features", [1, 2, 4])


def volumes_and_shapes(dense):
    """|Σ_k|^{1/D} and Σ_k divided by it."""
    volumes = np.exp(np.linalg.slogdet(dense)[1] / dense.shape[-1])
    return volumes, dense / volumes[:, None, None]


def same(values):
    return np.allclose(values, values[:1], rtol=1e-10, atol=1e-12)


@EACH
def test_dense_matrices_have_the_structure_of_mclusts_name(family):
    features = 3
    dense = random_covariance(family, K, features).dense(K, features)
    volume, shape, orientation = letters(family)
    volumes, shapes = volumes_and_shapes(dense)
    assert same(volumes) == (volume == "E")
    axes = np.array([np.diag(np.diagonal(each)) for each in shapes])
    assert np.allclose(shapes, axes, atol=1e-12) == (orientation == "I")
    assert np.allclose(shapes, np.eye(features), atol=1e-12) == (shape == "I")
    values = np.diagonal(shapes, axis1=1, axis2=2) if orientation == "I" else np.linalg.eigvalsh(shapes)
    assert same(values) == (shape in "EI")
    commute = np.allclose(shapes[0] @ shapes[1], shapes[1] @ shapes[0], atol=1e-10)
    assert commute == (orientation in "EI")


@EACH
@SIZES
def test_free_numbers(family, features):
    """As many as mclust's name says, and as many as dense matrices move along: the rank of their derivative."""
    each = {"E": 1, "V": K, "I": 0}
    volume, shape, orientation = (each[letter] for letter in letters(family))
    wanted = volume + shape * (features - 1) + orientation * features * (features - 1) // 2
    assert family.count_parameters(K, features) == wanted
    covariance = random_covariance(family, K, features)

    def dense(real):
        return family.from_real(real).dense(K, features)

    with jax.enable_x64(True):
        derivative = jax.jit(jax.jacfwd(dense))(covariance.real)
    columns = [np.asarray(leaf).reshape(K * features**2, -1) for leaf in derivative.values()]
    assert sum(each.shape[1] for each in columns) == wanted
    assert np.linalg.matrix_rank(np.hstack(columns)) == wanted


@EACH
@SIZES
def test_parts(family, features):
    covariance = random_covariance(family, K, features)
    sizes = {"component": K, "feature": features, "feature_bis": features}
    assert tuple(covariance.sites) == tuple(covariance.real) == tuple(part.name for part in family.parts)
    for part in family.parts:
        values = covariance.sites[part.name]
        assert values is getattr(covariance, part.name)
        assert values.shape == tuple(sizes[dim] for dim in part.dims) == family.part_shapes(K, features)[part.name]
        assert covariance.real[part.name].shape == part.real_shape(K, features)
        part.support.check(np.asarray(values), part.name)
    again = family.from_real(covariance.real)
    for name, values in covariance.sites.items():
        np.testing.assert_allclose(again.sites[name], values, rtol=1e-13, atol=1e-14)
    assert family.from_sites({**covariance.sites, "weights": None}).sites == covariance.sites


@EACH
@SIZES
def test_operations_agree_with_dense_algebra(family, features, rng):
    covariance = random_covariance(family, K, features)
    dense, inverse = covariance.dense(K, features), np.linalg.inv(covariance.dense(K, features))
    residuals = rng.normal(size=(5, K, features))
    second = np.stack([random_matrix(rng, features) for _ in range(K)])
    given = family.moment.from_matrix(second)
    for each in (covariance, covariance.rooted(), family.from_real(covariance.real)):
        whitened = each.whiten(residuals)
        distances = np.einsum("nkd,kde,nke->nk", residuals, inverse, residuals)
        np.testing.assert_allclose((whitened**2).sum(-1), distances, rtol=1e-11)
        np.testing.assert_allclose(each.distances(residuals.transpose(1, 2, 0)).T, distances, rtol=1e-11)
        np.testing.assert_allclose(each.whiten(each.colour(residuals)) ** 2, each.colour(whitened) ** 2, rtol=1e-10)
        np.testing.assert_allclose(np.broadcast_to(each.log_determinant(features), K), np.linalg.slogdet(dense)[1], atol=1e-12)
        # A family of variances is given the diagonal of S, which is all that its own diagonal precision meets.
        np.testing.assert_allclose(each.trace_precision(given), np.trace(inverse @ second, axis1=1, axis2=2), rtol=1e-11)
        precision = each.precision() + np.zeros((K, *family.moment.shape(features)))
        np.testing.assert_allclose(precision, family.moment.from_matrix(inverse), rtol=1e-11, atol=1e-13)


@EACH
def test_coloured_noise_has_the_covariance(family):
    covariance = random_covariance(family)
    # Σ = A Aᵀ, column by column: exact, no sampling needed.
    root = covariance.colour(np.broadcast_to(np.eye(2)[:, None], (2, K, 2)))
    np.testing.assert_allclose(np.einsum("jkd,jke->kde", root, root), covariance.dense(K, 2), rtol=1e-12, atol=1e-14)


@EACH
def test_selection(family):
    covariance, order = random_covariance(family), np.array([2, 0, 0])
    selected = covariance.select(order)
    np.testing.assert_array_equal(selected.dense(3, 2), covariance.dense(K, 2)[order])
    lanes = random_covariance(family, lanes=(4,))
    np.testing.assert_array_equal(lanes.select(order).dense(3, 2), lanes.dense(K, 2)[:, order])


@EACH
def test_marginals_and_conditionals_of_matrices(family):
    covariance, kept, given = random_covariance(family, K, 4), np.array([3, 1]), np.array([2, 0])
    dense = covariance.dense(K, 4)
    np.testing.assert_allclose(covariance.marginal(kept).dense(K, 2), dense[:, kept][:, :, kept], rtol=1e-15)
    rest, gain = covariance.conditional(kept, given)
    inverse = np.linalg.inv(dense[:, given][:, :, given])
    cross = dense[:, kept][:, :, given]
    np.testing.assert_allclose(np.broadcast_to(gain, (K, 2, 2)), cross @ inverse, atol=1e-12)
    wanted = dense[:, kept][:, :, kept] - cross @ inverse @ cross.swapaxes(-1, -2)
    np.testing.assert_allclose(rest.dense(K, 2), wanted, atol=1e-12)


@EACH
def test_what_a_prior_is_told(family):
    """A law of one covariance, stated once for each that the family has, adds up to itself whatever is shared."""
    for features in (1, 3):
        counted = K * (features if family.moment.axes == 1 else 1) / family.sharing(K, features)
        values = [part.shape(K, features) for part in family.parts]
        if len(values) == 1:
            assert counted == np.prod(values[0][: len(values[0]) - family.parts[0].support.axes])
        scale = family.scale_of(family.moment.from_matrix(random_matrix(np.random.default_rng(3), features)))
        assert np.shape(scale) in ((), family.moment.shape(features))


@EACH
def test_a_lane_that_is_no_covariance_is_nan_not_a_number_and_leaves_the_others(family):
    """Whichever part is wrong; NumPy's factorisations raise for all of a batch."""
    lanes = random_covariance(family, lanes=(2,))
    for wrong in family.parts:
        sites = {name: values.copy() for name, values in lanes.sites.items()}
        sites[wrong.name][0] = -1.0
        with np.errstate(invalid="ignore"):
            found = family.from_sites(sites).log_determinant(2)
            alone = family.from_sites({name: values[0] for name, values in sites.items()}).log_determinant(2)
        assert np.isnan(found[0]).all()
        assert np.isnan(alone).all()
        np.testing.assert_allclose(found[1], lanes.log_determinant(2)[1], rtol=1e-15)


@EACH
def test_a_family_says_what_it_is(family):
    assert FAMILIES[family.name] is family
    assert family.formula
    real = random_real(np.random.default_rng(0), family, 2, 3)
    assert {name: values.shape for name, values in real.items()} == {part.name: part.real_shape(2, 3) for part in family.parts}


def test_an_unknown_family_is_refused():
    with pytest.raises(InputError) as caught:
        find_family("fulll")
    assert str(caught.value) == f"covariance: no family is called 'fulll'; choose one of {', '.join(FAMILIES)}."


@EACH
@SIZES
def test_the_thinnest_component(family, features):
    """Against eigenvalues, in units of the data's deviations: at most the smallest, and at least its D-th part."""
    covariance, deviations = random_covariance(family, K, features), np.linspace(50.0, 90.0, features)
    dense = covariance.dense(K, features) / deviations[:, None] / deviations
    smallest = np.linalg.eigvalsh(dense).min()
    assert smallest / features * (1 - 1e-10) <= covariance.thinnest(deviations) <= smallest * (1 + 1e-10)


def test_a_component_of_one_volume_that_gets_thin_gets_long():
    """Where other components hold the volume up, one that is all but singular is no thinner than the data in any direction."""
    turned = np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2)
    covariance = TiedVolumeCovariance(np.array(1e6), np.stack([np.eye(2), turned @ np.diag([1e6, 1e-6]) @ turned.T]))
    assert np.linalg.eigvalsh(covariance.matrices).min() > 0.99
    np.testing.assert_allclose(covariance.thinnest(np.ones(2)), 2e-12, rtol=1e-3)

"""What is left unstated is scaled to the data: formulas by hand, and columns in other units."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.priors import PRIORS, prior_numbers, resolve_prior
from tests.cases import FAMILY_NAMES, mixture_shape, random_rows

X = random_rows(30) @ np.array([[1.0, 0.8], [0.0, 3.0]]) + 5
K, D = 3, 2
powers = st.lists(st.integers(-6, 6), min_size=D, max_size=D).map(lambda each: 10.0 ** np.array(each))
BY_COLUMN = [name for name in FAMILY_NAMES if np.ndim(FAMILIES[name].scale_of(np.ones(D)))]
"""Families that can tell features apart; the others have one scale for all of them."""


@pytest.mark.parametrize("kind", ["weak", "conjugate", {"kind": "conjugate"}])
def test_weak_default_by_hand(kind):
    covariance = np.cov(X.T, bias=True) / K ** (2 / D)
    matrices, axes, one = (D + 2, covariance), (3, np.diagonal(covariance)), (3, np.trace(covariance) / D)
    wanted = {"full": matrices, "full_tied_volume": matrices, "tied": matrices}
    wanted |= {"diagonal": axes, "diagonal_tied_shape": axes, "spherical": one, "spherical_tied": one}
    assert set(wanted) == set(FAMILY_NAMES)
    for family, (degrees, scale) in wanted.items():
        prior = resolve_prior(kind, mixture_shape(family), data_scale(X))
        np.testing.assert_array_equal(prior.concentration, np.ones(K))
        np.testing.assert_allclose(prior.mean, X.mean(axis=0), rtol=1e-13)
        assert prior.mean_precision == 0.01
        assert prior.degrees_of_freedom == degrees
        np.testing.assert_allclose(prior.scale, scale, rtol=1e-12)


def test_separated_default_by_hand():
    deviations = X.std(axis=0)
    together = np.sqrt((deviations**2).mean())
    wanted = {"full": deviations, "tied": deviations, "diagonal": deviations, "spherical": together, "spherical_tied": together}
    assert set(wanted) == {name for name in FAMILY_NAMES if len(FAMILIES[name].parts) == 1}
    for family, scale in wanted.items():
        prior = resolve_prior("separated", mixture_shape(family), data_scale(X))
        np.testing.assert_array_equal(prior.concentration, np.ones(K))
        np.testing.assert_allclose(prior.mean, X.mean(axis=0), rtol=1e-13)
        np.testing.assert_allclose(prior.mean_scale, 1.5 * deviations, rtol=1e-13)
        assert prior.correlation_concentration == 2
        np.testing.assert_allclose(prior.scale, scale, rtol=1e-13)


def test_the_diagonal_default_is_the_marginal_of_the_full_one():
    """Inverse-Wishart(ν, Ψ) gives a variance inverse-gamma((ν − D + 1)/2, Ψ_jj/2): with ν = D + 2, of 3 degrees of freedom."""
    full = resolve_prior("weak", mixture_shape("full"), data_scale(X))
    diagonal = resolve_prior("weak", mixture_shape("diagonal"), data_scale(X))
    assert diagonal.degrees_of_freedom == full.degrees_of_freedom - D + 1
    np.testing.assert_allclose(diagonal.scale, np.diagonal(full.scale), rtol=1e-14)


@pytest.mark.parametrize("family", BY_COLUMN)
@given(units=powers)
def test_a_columns_unit_changes_nothing(family, units):
    shape = mixture_shape(family)
    plain, moved = (resolve_prior("weak", shape, data_scale(rows)) for rows in (X, X * units))
    square = shape.family.moment.square(units)
    np.testing.assert_allclose(moved.mean, plain.mean * units, rtol=1e-12)
    np.testing.assert_allclose(moved.scale, plain.scale * square, rtol=1e-10)
    if len(shape.family.parts) > 1:
        return
    plain, moved = (resolve_prior("separated", shape, data_scale(rows)) for rows in (X, X * units))
    np.testing.assert_allclose(moved.mean_scale, plain.mean_scale * units, rtol=1e-12)
    np.testing.assert_allclose(moved.scale, plain.scale * units, rtol=1e-12)


def test_one_number_stands_for_all():
    shape = mixture_shape("full")
    one = resolve_prior({"kind": "conjugate", "concentration": 2, "mean": 1.0, "scale": 4}, shape, data_scale(X))
    np.testing.assert_array_equal(one.concentration, [2, 2, 2])
    np.testing.assert_array_equal(one.mean, [1, 1])
    np.testing.assert_array_equal(one.scale, 4 * np.eye(2))
    diagonal = resolve_prior({"kind": "conjugate", "scale": [4, 9]}, shape, data_scale(X))
    np.testing.assert_array_equal(diagonal.scale, np.diag([4, 9]))


def test_a_finished_prior_is_kept():
    prior = resolve_prior("weak", mixture_shape("full"), data_scale(X))
    assert resolve_prior(prior, mixture_shape("full"), data_scale(random_rows(9))) is prior


def test_the_numbers_of_each_kind():
    conjugate = ("concentration", "mean", "mean_precision", "degrees_of_freedom", "scale")
    assert prior_numbers("conjugate") == conjugate
    assert prior_numbers("separated") == ("concentration", "mean", "mean_scale", "correlation_concentration", "scale")
    assert prior_numbers("weak") == prior_numbers("flat") == ()
    assert prior_numbers("program") == ("function",)
    assert set(PRIORS) >= {"weak", "flat", "conjugate", "separated", "program"}


def test_a_stated_scale_does_without_the_datas():
    """Fewer rows than features: nothing of the data's covariance is needed then."""
    rows = np.random.default_rng(0).normal(size=(2, 2))
    prior = resolve_prior({"kind": "conjugate", "scale": 1.0}, mixture_shape("full"), data_scale(rows))
    np.testing.assert_array_equal(prior.scale, np.eye(2))


def test_defaults_of_rows_that_jax_traces(x64):
    shape = mixture_shape("full")
    traced = jax.jit(lambda rows: resolve_prior("weak", shape, data_scale(rows)))(X)
    plain = resolve_prior("weak", shape, data_scale(X))
    for found, wanted in zip(jax.tree.leaves(traced), jax.tree.leaves(plain), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)

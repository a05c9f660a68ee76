"""Standard errors of the EM point: closed forms, second derivatives of the plain density in other coordinates, symmetries."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import gmm_ppl as gp
from gmm_ppl.inference.base import Status
from gmm_ppl.inference.errors.uncertainty import InformationStatus, inverse_of, standard_errors
from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.covariance.full import FullCovariance
from gmm_ppl.mixture.density import log_density
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.model.posterior import posterior
from tests.inference.oracles import overlapping_rows

KINDS = ("observed", "sandwich")
EVERYDAY = [("full", "conjugate"), ("tied", "flat"), ("diagonal", "flat"), ("spherical", "separated")]
RARELY = [("full_tied_volume", "conjugate"), ("diagonal_tied_shape", "flat"), ("spherical_tied", "weak")]


def skewed_rows(rows=150, seed=1):
    return np.random.default_rng(seed).gamma(3.0, size=(rows, 2)) @ np.array([[1.0, 0.5], [0.0, 30.0]])


def moments(x):
    """Covariance and fourth central moments E r_i² r_j² of rows, N in the denominator."""
    centred = x - x.mean(axis=0)
    return centred.T @ centred / len(x), (centred**2).T @ (centred**2) / len(x)


def with_parameters(point, parameters):
    """The same fit with other parameters."""
    return replace(point, parameters=parameters, sites=dict(parameters.sites))


@pytest.mark.parametrize("family", ["full", "diagonal"])
def test_one_component_has_closed_forms(family):
    """Mean: σ/√N. Variance: σ² √(2/N) by the curvature, √((m₄ − σ⁴)/N) by the sandwich. Covariance: √((σ₁² σ₂² + σ₁₂²)/N)."""
    x = skewed_rows()
    covariance, fourth = moments(x)
    point, root = gp.fit(gp.Mixture(1, family, "flat"), x), np.sqrt(len(x))
    observed, sandwich = (standard_errors(point, x, kind=kind) for kind in KINDS)
    variances = np.diag(covariance)
    assert observed.status is InformationStatus.REGULAR
    for found in (observed, sandwich):
        np.testing.assert_allclose(found.errors["means"], [np.sqrt(variances) / root], rtol=1e-9)
        np.testing.assert_array_equal(found.errors["weights"], [0])
    by_curvature = np.sqrt(np.outer(variances, variances) + covariance**2) / root
    by_moments = np.sqrt(fourth - covariance**2) / root
    if family == "diagonal":
        np.testing.assert_allclose(observed.errors["variances"], [np.diag(by_curvature)], rtol=1e-9)
        np.testing.assert_allclose(sandwich.errors["variances"], [np.diag(by_moments)], rtol=1e-9)
    else:
        np.testing.assert_allclose(observed.errors["covariances"], [by_curvature], rtol=1e-9)
        np.testing.assert_allclose(sandwich.errors["covariances"], [by_moments], rtol=1e-9)


def plain_covariances(point, x):
    """Both covariances of all parameters laid flat, from second derivatives of the plain density in NumPyro's coordinates."""
    target = posterior(point.mixture, x)
    start, unravel = ravel_pytree(target.unconstrain(jax.tree.map(jnp.asarray, point.sites)))

    def said(u):
        return target.prior.log_density(target.shape, target.constrain(unravel(u)))

    def row_densities(u):
        return log_density(jnp.asarray(x), said(u)[1])

    def all_parameters(u):
        return ravel_pytree(said(u)[1].sites)[0]

    hessian = jax.jit(jax.hessian(lambda u: said(u)[0] + jnp.sum(row_densities(u))))(start)
    scores, jacobian = (np.asarray(jax.jit(jax.jacfwd(each))(start)) for each in (row_densities, all_parameters))
    bread = np.linalg.inv(-np.asarray(hessian))
    return {
        "observed": jacobian @ bread @ jacobian.T,
        "sandwich": jacobian @ bread @ (scores.T @ scores) @ bread @ jacobian.T,
    }


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("family", "kind"), [*EVERYDAY, *(pytest.param(*each, marks=pytest.mark.slow) for each in RARELY)])
def test_against_the_plain_density_in_other_coordinates(family, kind, fits):
    """The point is flat for the density without a Jacobian, so second derivatives go over as a tensor."""
    point, x = fits(family, kind), overlapping_rows()
    wanted = plain_covariances(point, x)
    for name in KINDS:
        found = standard_errors(point, x, kind=name)
        assert found.status is InformationStatus.REGULAR
        assert found.distance < 1e-3
        np.testing.assert_allclose(ravel_pytree(found.errors)[0], np.sqrt(np.diag(wanted[name])), rtol=1e-5)
        assert {key: each.shape for key, each in found.errors.items()} == {k: v.shape for k, v in point.parameters.sites.items()}


@pytest.mark.slow
@pytest.mark.usefixtures("x64")
def test_a_program_with_sites_of_its_own(fits):
    point, x = fits("diagonal", "program"), overlapping_rows()
    wanted = plain_covariances(point, x)["observed"]
    np.testing.assert_allclose(ravel_pytree(standard_errors(point, x).errors)[0], np.sqrt(np.diag(wanted)), rtol=1e-5)


def test_covariances_are_those_of_free_parameters(fits):
    """All weights but the last, means, lower triangles: errors are roots of the diagonal."""
    point, x = fits("full", "conjugate"), overlapping_rows()
    found = standard_errors(point, x)
    errors = np.sqrt(np.diag(found.covariance))
    np.testing.assert_allclose(errors[:1], found.errors["weights"][:1])
    np.testing.assert_allclose(errors[1:5], found.errors["means"].ravel())
    np.testing.assert_allclose(errors[5:], found.errors["covariances"][:, *np.tril_indices(2)].ravel())


@pytest.mark.parametrize("kind", KINDS)
def test_errors_follow_units_and_ignore_the_origin(kind, fits):
    point, x = fits("full", "flat"), overlapping_rows()
    units, shift = np.array([1e-3, 50.0]), np.array([7.0, -300.0])
    held = point.parameters
    there = MixtureParameters(held.weights, held.means * units + shift, FullCovariance(held.covariances * np.outer(units, units)))
    here, moved = (
        standard_errors(point, x, kind=kind),
        standard_errors(with_parameters(point, there), x * units + shift, kind=kind),
    )
    np.testing.assert_allclose(moved.errors["weights"], here.errors["weights"], rtol=1e-6)
    np.testing.assert_allclose(moved.errors["means"], here.errors["means"] * units, rtol=1e-6)
    np.testing.assert_allclose(moved.errors["covariances"], here.errors["covariances"] * np.outer(units, units), rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_components_in_another_order(kind, fits):
    point, x = fits("full", "flat"), overlapping_rows()
    swapped = with_parameters(point, jax.tree.map(lambda each: each[::-1], point.parameters))
    here, there = standard_errors(point, x, kind=kind), standard_errors(swapped, x, kind=kind)
    for name, errors in here.errors.items():
        np.testing.assert_allclose(there.errors[name], errors[::-1], rtol=1e-9)


@pytest.mark.parametrize("family", ["full", "diagonal", *(name for name, family in FAMILIES.items() if len(family.parts) > 1)])
def test_where_the_model_is_right_both_kinds_agree(family):
    """20 000 rows: a sandwich's error is relative 1/√N times the root of a kurtosis, which is a few percent here."""
    rng = np.random.default_rng(4)
    x = np.where(rng.random(20_000)[:, None] < 0.4, -3.0, 3.0) + rng.standard_normal((20_000, 2))
    point = gp.fit(gp.Mixture(2, family, "flat"), x, starts=1)
    observed, sandwich = (standard_errors(point, x, kind=kind).errors for kind in KINDS)
    for name, errors in observed.items():
        np.testing.assert_allclose(sandwich[name], errors, rtol=0.08)


def test_data_that_were_not_fitted_are_said(fits):
    point, x = fits("full", "flat"), overlapping_rows()
    with pytest.warns(gp.FitWarning, match="The objective still rises here"):
        found = standard_errors(point, x + 0.2 * x.std(axis=0))
    assert found.status is InformationStatus.OFF_THE_MODE
    assert found.distance > 1
    assert np.isfinite(found.errors["means"]).all()


@pytest.mark.parametrize(("shrunk", "words"), [(1.0, "flat in some direction|curves upwards"), (0.5, "curves upwards")])
def test_no_errors_where_the_curvature_gives_none(shrunk, words):
    """Two components in one place: no direction apart is told from another; with less variance than the data's, apart is up."""
    x = skewed_rows()
    one = gp.fit(gp.Mixture(1, "full", "flat"), x)
    two = gp.fit(gp.Mixture(2, "full", "flat"), x, starts=1, seed=1)
    covariance = FullCovariance(np.repeat(one.parameters.covariances, 2, axis=0) * shrunk)
    held = MixtureParameters(np.array([0.5, 0.5]), np.repeat(one.parameters.means, 2, axis=0), covariance)
    with pytest.warns(gp.FitWarning, match=words):
        found = standard_errors(with_parameters(two, held), x)
    assert not found.status.regular
    assert np.isnan(found.covariance).all()
    assert all(np.isnan(each).all() for each in found.errors.values())


def test_refusals(fits):
    point, x = fits("full", "flat"), overlapping_rows()
    cases = {
        "kind: choose observed or sandwich; given 'robust'": lambda: standard_errors(point, x, kind="robust"),
        "fit: give what gmm_ppl.fit returned; given Mixture": lambda: standard_errors(gp.Mixture(2), x),
        "the fit has 2 features, .* has 1": lambda: standard_errors(point, x[:, :1]),
        "fit: the EM fit has no usable parameters. A component emptied": lambda: standard_errors(
            replace(point, status=Status.COLLAPSED), x
        ),
        "No rows are left to component 1, counting from 0": lambda: standard_errors(
            with_parameters(point, replace_weights(point.parameters, [1.0, 0.0])), x
        ),
    }
    for words, call in cases.items():
        with pytest.raises(gp.InputError, match=words):
            call()


def replace_weights(parameters, weights):
    return MixtureParameters(np.array(weights), parameters.means, parameters.covariance)


def test_double_precision_comes_out(fits):
    found = standard_errors(fits("full", "flat"), overlapping_rows())
    assert all(type(each) is np.ndarray and each.dtype == np.float64 for each in (found.covariance, *found.errors.values()))
    assert type(found.distance) is type(found.flattest) is float


def test_the_inverse_of_a_matrix_in_unlike_units():
    units = np.array([1e-60, 1.0, 1e60])
    matrix = np.array([[2.0, 0.3, 0.1], [0.3, 1.0, 0.2], [0.1, 0.2, 3.0]])
    found, flattest = inverse_of(matrix * units[:, None] * units)
    np.testing.assert_allclose(found * units[:, None] * units, np.linalg.inv(matrix), rtol=1e-12)
    scaled = matrix / np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
    values = np.linalg.eigvalsh(scaled)
    assert flattest == pytest.approx(values[0] / values[-1])

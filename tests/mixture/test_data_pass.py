"""The one pass over the data: blocks, row weights, first and second derivatives, and the memory that they keep."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.flatten_util import ravel_pytree

from gmm_ppl.mixture import expanded, residuals
from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.data_pass import log_likelihood
from gmm_ppl.mixture.density import log_density
from gmm_ppl.mixture.moments import OUTER
from gmm_ppl.mixture.parameters import from_sites
from gmm_ppl.mixture.residuals import statistics_of_memberships
from gmm_ppl.mixture.rows import rows
from tests.cases import FAMILY_NAMES, random_parameters, random_rows
from tests.mixture import oracles
from tests.mixture.compiled import D, K, N, evaluate, weighted_log_likelihood

EACH = pytest.mark.parametrize("name", FAMILY_NAMES)
MOMENTS = pytest.mark.parametrize("name", {family.moment: name for name, family in FAMILIES.items()}.values())
"""One family for each kind of second moment."""
X = random_rows(N)
WEIGHTS = np.array([1.0, 0.5, 2.0, 0.0, 3.0, 1.5])
MANY, BLOCK = 301, 128


def moments(x, weights, centre, moment):
    """Σ_i w_ik (1, r, second moment of r) about `centre`, by NumPy."""
    residuals = x[:, None] - centre
    outer = np.einsum("nk,nkd,nke->kde", weights, residuals, residuals)
    return weights.sum(axis=0), np.einsum("nk,nkd->kd", weights, residuals), moment.from_matrix(outer)


def check_statistics(statistics, x, weights):
    """Against sums about the centre that the statistics name, whichever form chose it."""
    wanted = moments(x, weights, np.asarray(statistics.centre), statistics.moment)
    for found, each in zip((statistics.count, statistics.first, statistics.second), wanted, strict=True):
        np.testing.assert_allclose(found, each, rtol=1e-11, atol=1e-11)


@EACH
def test_statistics_are_responsibility_weighted_moments(name, x64):
    parameters = random_parameters(name)
    found = evaluate(X, parameters, WEIGHTS)
    weights = oracles.responsibilities(X, parameters) * WEIGHTS[:, None]
    assert found["statistics"].moment is parameters.covariance.moment
    check_statistics(found["statistics"], X, weights)
    means = (weights.T @ X) / weights.sum(axis=0)[:, None]
    np.testing.assert_allclose(found["statistics"].means, means, rtol=1e-12)
    about = moments(X, weights, means, parameters.covariance.moment)[2]
    np.testing.assert_allclose(found["statistics"].scatter, about, rtol=1e-10, atol=1e-12)


@EACH
def test_expected_log_likelihood_is_the_weighted_sum_of_components(name, x64):
    parameters = random_parameters(name)
    found = evaluate(X, parameters, WEIGHTS)["expected"]
    weights = oracles.responsibilities(X, parameters) * WEIGHTS[:, None]
    np.testing.assert_allclose(found, (weights * oracles.components(X, parameters)).sum(), rtol=1e-12)


@given(repeats=st.lists(st.integers(0, 3), min_size=N, max_size=N).filter(any))
def test_row_weights_are_repeated_rows_and_zero_leaves_one_out(repeats):
    parameters = random_parameters("full")
    with jax.enable_x64(True):
        found = evaluate(X, parameters, np.array(repeats, dtype=float))
    repeated = np.repeat(X, repeats, axis=0)
    np.testing.assert_allclose(found["value"], oracles.log_density(repeated, parameters).sum(), rtol=1e-12)
    memberships = oracles.responsibilities(repeated, parameters)
    check_statistics(found["statistics"], repeated, memberships)


@pytest.mark.parametrize("far", [1e6, -1e100])
def test_a_row_of_weight_zero_may_lie_anywhere(far, x64):
    parameters, x = random_parameters("full"), X.copy()
    x[3] = far
    found, without = evaluate(x, parameters, WEIGHTS), evaluate(X, parameters, WEIGHTS)
    for each, wanted in zip(
        jax.tree.leaves((found["value"], found["statistics"], found["parameter_gradient"])),
        jax.tree.leaves((without["value"], without["statistics"], without["parameter_gradient"])),
        strict=True,
    ):
        np.testing.assert_array_equal(each, wanted)


FORMS = {"expanded": expanded.expanded_statistics, "residual": residuals.residual_statistics}


def small_blocks(monkeypatch):
    for form in (expanded, residuals):
        monkeypatch.setattr(form, "block_size", lambda *_: BLOCK)


@pytest.mark.parametrize("in_numpy", [True, False], ids=["numpy", "jax"])
@pytest.mark.parametrize("form", FORMS)
@MOMENTS
def test_blocks_add_up(form, name, in_numpy, x64, monkeypatch):
    """Four blocks; in JAX the last reaches back over rows that the one before has had."""
    small_blocks(monkeypatch)
    parameters, x = random_parameters(name), random_rows(MANY)
    weights = np.random.default_rng(3).gamma(1.0, size=MANY)
    assert MANY > 2 * BLOCK
    assert MANY % 4

    found = FORMS[form] if in_numpy else jax.jit(FORMS[form])
    value, statistics = found(rows(x, weights), parameters)
    np.testing.assert_allclose(value, weights @ oracles.log_density(x, parameters), rtol=1e-12)
    memberships = oracles.responsibilities(x, parameters) * weights[:, None]
    check_statistics(statistics, x, memberships)


@pytest.mark.parametrize("form", FORMS)
def test_rows_of_numpy_and_parameters_that_are_traced(form, x64, monkeypatch):
    small_blocks(monkeypatch)
    parameters, held = random_parameters("full"), rows(random_rows(MANY))
    value, _ = jax.jit(lambda each: FORMS[form](held, each))(parameters)
    np.testing.assert_allclose(value, FORMS[form](held, parameters)[0], rtol=1e-12)


@MOMENTS
def test_the_gradient_adds_up_over_blocks(name, x64, monkeypatch):
    small_blocks(monkeypatch)
    parameters, x = random_parameters(name), random_rows(MANY)
    weights = np.random.default_rng(3).gamma(1.0, size=MANY)
    value, gradient = jax.jit(jax.value_and_grad(lambda each: log_likelihood(rows(x, weights), each)))(parameters)
    plain = jax.jit(jax.grad(lambda each: weights @ log_density(x, each)))(parameters)
    np.testing.assert_allclose(value, weights @ oracles.log_density(x, parameters), rtol=1e-12)
    for found, expected in zip(jax.tree.leaves(gradient), jax.tree.leaves(plain), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_memberships_add_up_over_blocks(x64, monkeypatch):
    small_blocks(monkeypatch)
    x, memberships = random_rows(MANY), np.random.default_rng(3).dirichlet(np.ones(K), size=MANY)
    for found in (statistics_of_memberships, jax.jit(statistics_of_memberships, static_argnums=2)):
        statistics = found(rows(x), memberships, OUTER)
        check_statistics(statistics, x, memberships)
        np.testing.assert_allclose(statistics.means, memberships.T @ x / memberships.sum(axis=0)[:, None], rtol=1e-12)


@jax.jit
def plain_gradient(x, row_weights, parameters):
    return jax.grad(lambda a, b, c: b @ log_density(a, c), argnums=(0, 1, 2))(x, row_weights, parameters)


@EACH
def test_gradient_is_that_of_the_plain_density(name, x64):
    """In rows, row weights and parameters at once, where each takes its own route through the rule."""
    parameters = random_parameters(name)
    found, wanted = evaluate(X, parameters, WEIGHTS), plain_gradient(X, WEIGHTS, parameters)
    for each, expected in zip(jax.tree.leaves(found["gradient"]), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(each, expected, rtol=1e-10, atol=1e-11)
    for each, expected in zip(jax.tree.leaves(found["parameter_gradient"]), jax.tree.leaves(wanted[2]), strict=True):
        np.testing.assert_allclose(each, expected, rtol=1e-10, atol=1e-11)


def direction(parameters, seed=4):
    """A random direction in weights, means and parts of covariances, matrices symmetric."""
    rng, sites = np.random.default_rng(seed), {}
    for part in parameters.shape.parts:
        moved = rng.normal(size=np.shape(parameters.sites[part.name]))
        sites[part.name] = (moved + np.swapaxes(moved, -1, -2)) / 2 if part.support.axes == 2 else moved
    return from_sites(sites, parameters.shape.family)


@EACH
def test_gradient_agrees_with_finite_differences_of_scipy(name, x64):
    parameters = random_parameters(name)
    along, step = direction(parameters), 1e-6
    ends = [jax.tree.map(lambda a, b, h=h: a + h * b, parameters, along) for h in (step, -step)]
    wanted = np.subtract(*(WEIGHTS @ oracles.log_density(X, each) for each in ends)) / (2 * step)
    gradient = evaluate(X, parameters, WEIGHTS)["gradient"][2]
    found = sum(np.vdot(a, b) for a, b in zip(jax.tree.leaves(gradient), jax.tree.leaves(along), strict=True))
    np.testing.assert_allclose(found, wanted, rtol=1e-7)


@jax.jit
def forward_curvature(x, row_weights, parameters, along):
    """Hessian times a direction, by forward over reverse."""
    gradient = jax.grad(lambda each: log_likelihood(rows(x, row_weights), each))
    return jax.jvp(gradient, (parameters,), (along,))[1]


@jax.jit
def reverse_curvature(x, row_weights, parameters, along):
    """The same by reverse over reverse."""

    def slope(each):
        gradient = jax.grad(weighted_log_likelihood, argnums=2)(x, row_weights, each)
        return jnp.vdot(ravel_pytree(gradient)[0], ravel_pytree(along)[0])

    return jax.grad(slope)(parameters)


@EACH
def test_second_derivatives_forward_over_reverse(name, x64):
    """Against central differences of the plain density's gradient."""
    parameters, step = random_parameters(name), 1e-5
    along = direction(parameters)
    ends = [jax.tree.map(lambda a, b, h=h: a + h * b, parameters, along) for h in (step, -step)]
    slopes = [ravel_pytree(plain_gradient(X, WEIGHTS, each)[2])[0] for each in ends]
    found = ravel_pytree(forward_curvature(X, WEIGHTS, parameters, along))[0]
    np.testing.assert_allclose(found, (slopes[0] - slopes[1]) / (2 * step), rtol=1e-6, atol=1e-6)


def test_second_derivatives_reverse_over_reverse(x64):
    parameters = random_parameters("tied")
    forward = forward_curvature(X, WEIGHTS, parameters, direction(parameters))
    found = reverse_curvature(X, WEIGHTS, parameters, direction(parameters))
    np.testing.assert_allclose(ravel_pytree(found)[0], ravel_pytree(forward)[0], rtol=1e-9, atol=1e-9)


def test_the_gradient_keeps_nothing_as_large_as_the_data(x64):
    x, parameters, count = random_rows(4096), random_parameters("full"), 4096
    held = rows(x)

    def kept(function):
        return max(leaf.size for leaf in jax.tree.leaves(jax.eval_shape(lambda each: jax.vjp(function, each)[1], parameters)))

    assert kept(lambda each: jnp.ones(count) @ log_density(x, each)) >= count * K
    assert kept(lambda each: log_likelihood(held, each)) <= K * D * D


def temporary(function, parameters, count):
    """Peak temporary memory, in bytes, of a compiled function of (rows, parameters) with `count` rows."""
    features = parameters.means.shape[1]
    held = jax.eval_shape(rows, jax.ShapeDtypeStruct((count, features), np.float64), jax.ShapeDtypeStruct((count,), np.float64))
    return jax.jit(function).lower(held, parameters).compile().memory_analysis().temp_size_in_bytes


def slope(function):
    """Hessian times a direction in reverse over reverse, which keeps the most."""
    return lambda held, each: jax.grad(
        lambda inner: jnp.vdot(*(ravel_pytree(leaf)[0] for leaf in (jax.grad(function, argnums=1)(held, inner), direction(each))))
    )(each)


@pytest.mark.parametrize("derivative", [lambda function: jax.grad(function, argnums=1), slope])
def test_compiled_memory_is_that_of_blocks(derivative, x64):
    """First and second derivatives for 2¹⁶ rows, against N × K × D numbers, which the plain density needs."""
    parameters, count = random_parameters("full", 8, 4), 2**16
    everything = count * 8 * 4 * 8
    assert temporary(derivative(lambda held, each: held.weights @ log_density(held.x, each)), parameters, count) > everything
    few, many = (temporary(derivative(log_likelihood), parameters, size) for size in (count, 4 * count))
    assert many < everything / 2
    assert many < 1.2 * few

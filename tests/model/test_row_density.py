"""Log P(x_i) by row: the plain density in every mode of derivative, Fisher's identity, and nothing of size N × K kept."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import gmm_ppl as gp
from gmm_ppl.mixture import row_density
from gmm_ppl.mixture.density import expected_log_likelihood, log_density
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.residuals import statistics_of_memberships
from gmm_ppl.mixture.row_density import KEPT, expanded_form, log_density_by_row, residual_form
from gmm_ppl.mixture.rows import rows
from tests.cases import FAMILY_NAMES, random_parameters, random_rows
from tests.mixture import oracles

N, K, D = 37, 3, 2
X = random_rows(N)
V = np.random.default_rng(3).normal(size=N)
FORMS = pytest.mark.parametrize("form", [expanded_form, residual_form], ids=["expanded", "residual"])


@pytest.fixture
def short(monkeypatch):
    """Blocks of ten rows, the last of which reaches back, and no plain density."""
    monkeypatch.setattr(row_density, "KEPT", 0)
    monkeypatch.setattr(row_density, "ROWS_FOR_A_THREAD", 8)


def in_jax(parameters):
    return jax.tree.map(jnp.asarray, parameters)


def by_form(form):
    """What a form says of rows."""
    return lambda x, parameters: form(rows(jnp.asarray(x)), parameters)


@FORMS
@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_values_and_gradients(family, form, short, x64):
    """Against SciPy, and Fisher's identity for a cotangent of either sign: one pass with row weights v."""
    parameters, density = in_jax(random_parameters(family)), by_form(form)

    @jax.jit
    def facts(parameters):
        value, back = jax.vjp(lambda each: density(X, each), parameters)
        return value, back(jnp.asarray(V))[0]

    value, gradient = facts(parameters)
    np.testing.assert_allclose(value, oracles.log_density(X, random_parameters(family)), rtol=1e-11)
    memberships = oracles.responsibilities(X, random_parameters(family))
    more, less = (
        statistics_of_memberships(rows(X, np.maximum(sign * V, 0)), memberships, parameters.covariance.moment) for sign in (1, -1)
    )
    wanted = jax.jit(jax.grad(lambda each: expected_log_likelihood(more, each) - expected_log_likelihood(less, each)))(parameters)
    for name, slope in wanted.sites.items():
        np.testing.assert_allclose(gradient.sites[name], slope, rtol=1e-9, atol=1e-10)


@FORMS
@pytest.mark.parametrize("family", ["full", "diagonal"])
def test_every_mode_of_derivative(family, form, short, x64):
    """Forward, reverse, both on top of each other, in parameters and in x, against the plain density's."""
    parameters = in_jax(random_parameters(family))
    start, unravel = ravel_pytree(parameters)
    along = jnp.asarray(np.random.default_rng(4).normal(size=start.size))

    @jax.jit
    def facts(flat, x):
        found = []
        for density in (by_form(form), log_density):

            def at(place, x=x, density=density):
                return density(x, unravel(place))

            def total(place, x, at=at):
                return V @ at(place, x)

            forward = jax.jvp(at, (flat,), (along,))
            hessian = jax.jacfwd(jax.grad(total))(flat, x)
            mixed = jax.jvp(lambda place, total=total: jax.grad(total, argnums=1)(place, x), (flat,), (along,))
            twice = jax.grad(lambda place, total=total: jax.grad(total)(place, x) @ along)(flat)
            found.append((forward, hessian, mixed, twice))
        return found

    ours, plain = facts(start, jnp.asarray(X))
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(plain), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9 * max(1, np.abs(other).max()))


@pytest.mark.parametrize("count", [1, 2, 9, 20, 21, 39, 40, 41])
def test_every_number_of_rows(count, short, x64):
    parameters, x = random_parameters("full"), random_rows(count)
    for form in (expanded_form, residual_form):
        found = jax.jit(by_form(form))(x, parameters)
        np.testing.assert_allclose(found, oracles.log_density(x, parameters), rtol=1e-11)


def test_nothing_of_the_size_of_rows_and_components_is_kept(x64):
    """What a reverse pass holds on to is the rows themselves, where the plain density holds K and more numbers a row."""
    count = KEPT // (K * D) + 1
    parameters, x = in_jax(random_parameters("full")), jnp.asarray(random_rows(count))

    def kept(density):
        back = jax.vjp(density, parameters)[1]
        return sum(leaf.size for leaf in jax.tree.leaves(back) if hasattr(leaf, "size")) / count

    assert kept(lambda each: log_density_by_row(rows(x), each)) <= D + 0.1
    # Where a value is on the support, and the density there, are NumPyro's own.
    assert kept(lambda each: gp.GaussianMixture(each).log_prob(x)) <= D + 2.1
    assert kept(lambda each: log_density(x, each)) >= K * D


def narrow(offset):
    """Two components so narrow, and so far from each other, that an expanded square keeps no digit of a residual."""
    covariances = np.array([[[1.0, 0.3], [0.3, 0.5]], [[0.7, 0.0], [0.0, 2.0]]]) * 1e-6
    return gp.mixture_parameters([0.3, 0.7], [[offset, -offset], [0.0, offset]], covariances)


def rows_of(parameters, count=N):
    which = np.arange(count) % 2
    return parameters.means[which] + 1e-3 * np.random.default_rng(6).normal(size=(count, D))


def test_narrow_components_far_apart_keep_their_digits(short, x64):
    parameters = narrow(100.0)
    x = rows_of(parameters)
    wanted = oracles.log_density(x, parameters)
    found = jax.jit(lambda each: log_density_by_row(rows(each), parameters))(x)
    np.testing.assert_allclose(found, wanted, rtol=1e-11)
    expanded = jax.jit(by_form(expanded_form))(x, parameters)
    assert np.abs(expanded - wanted).max() > 1e-7


def test_the_most_demanding_lane_chooses_for_all(short, x64):
    """Under `vmap` the choice stays a branch; the lanes may differ in it, and in whether they would be right without."""
    several = jax.tree.map(lambda *leaves: jnp.stack(leaves), narrow(100.0), narrow(0.01))
    x = jnp.asarray(np.concatenate([rows_of(narrow(100.0), 20), rows_of(narrow(0.01), 20)]))

    def density(parameters):
        return log_density_by_row(rows(x), parameters)

    gradients = jax.vmap(jax.value_and_grad(lambda each: jnp.sum(density(each))))
    program = str(jax.make_jaxpr(gradients)(several))
    assert "cond[" in program
    values, slopes = jax.jit(gradients)(several)
    for lane, offset in enumerate((100.0, 0.01)):
        alone = in_jax(narrow(offset))
        value, slope = jax.jit(jax.value_and_grad(lambda each: jnp.sum(log_density(x, each))))(alone)
        np.testing.assert_allclose(values[lane], value, rtol=1e-10)
        for name, wanted in slope.sites.items():
            np.testing.assert_allclose(slopes.sites[name][lane], wanted, rtol=1e-8)
    twice = jax.jit(jax.vmap(jax.vmap(density)))(jax.tree.map(lambda leaf: leaf[:, None], several))
    np.testing.assert_allclose(twice[:, 0].sum(axis=1), values, rtol=1e-10)


@pytest.mark.parametrize("x64_in_force", [True, False])
def test_precision_is_the_one_in_force(x64_in_force, short):
    parameters = random_parameters("full")
    with jax.enable_x64(x64_in_force):
        found = log_density_by_row(rows(jnp.asarray(X)), in_jax(parameters))
        assert found.dtype == (np.float64 if x64_in_force else np.float32)
    np.testing.assert_allclose(found, oracles.log_density(X, parameters), rtol=1e-11 if x64_in_force else 2e-5)


def test_a_component_without_weight(short, x64):
    parameters = random_parameters("full")
    emptied = in_jax(MixtureParameters(np.array([0.4, 0.0, 0.6]), parameters.means, parameters.covariance))
    for form in (expanded_form, residual_form):
        value, gradient = jax.value_and_grad(lambda each, form=form: jnp.sum(by_form(form)(X, each)))(emptied)
        np.testing.assert_allclose(value, log_density(X, emptied).sum(), rtol=1e-12)
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


@pytest.mark.parametrize(("count", "blocks"), [(KEPT // (K * D), False), (KEPT // (K * D) + 1, True)])
def test_the_distribution_takes_blocks_of_many_rows(count, blocks):
    """Few rows are evaluated at once, what a derivative needs being kept; many rows of a mixture, under `vmap` too, in blocks."""
    parameters, x = in_jax(random_parameters("full")), jnp.zeros((count, D))

    def density(each):
        return gp.GaussianMixture(each).log_prob(x)

    assert ("scan[" in str(jax.make_jaxpr(density)(parameters))) == blocks
    several = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), parameters)
    assert ("scan[" in str(jax.make_jaxpr(jax.vmap(density))(several))) == blocks

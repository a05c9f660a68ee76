"""A conjugate posterior as an object: its mode is the M-step, its slope that of its density, and its density prior plus Q."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from gmm_ppl.mixture.density import expected_log_likelihood
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.residuals import statistics_of_memberships
from gmm_ppl.mixture.rows import rows
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.specification import as_jax
from gmm_ppl.priors import AbstractConjugatePrior, resolve_prior
from gmm_ppl.priors.flat import FlatPrior
from gmm_ppl.priors.ridge import RidgePrior
from tests.cases import FAMILY_NAMES, PRIOR_KINDS, mixture_shape, random_parameters, random_rows
from tests.priors.oracles import SCALE, stated_conjugate

pytestmark = pytest.mark.usefixtures("x64")
N, K, D = 30, 3, 2
X = random_rows(N)
MEMBERSHIPS = np.random.default_rng(7).dirichlet(np.ones(K), size=N)
DATA = data_scale(X)
STATEMENTS = {kind: lambda family, kind=kind: kind for kind in PRIOR_KINDS if kind not in ("program", "separated")}
STATEMENTS |= {"stated": stated_conjugate, "ridge": lambda family: RidgePrior(np.asarray(7.0))}


def conjugate_cases():
    for family in FAMILY_NAMES:
        for name, state in STATEMENTS.items():
            prior = resolve_prior(state(family), mixture_shape(family), DATA)
            assert isinstance(prior, AbstractConjugatePrior)
            if name != "conjugate":  # the weak one, with no number stated
                yield pytest.param(family, prior, id=f"{family}-{name}")


CASES = pytest.mark.parametrize(("family", "prior"), list(conjugate_cases()))


def statistics_of(family, memberships=MEMBERSHIPS, x=X):
    return statistics_of_memberships(rows(x), memberships, mixture_shape(family).family.moment)


def posterior(prior, family, memberships=MEMBERSHIPS):
    return prior.kernel(mixture_shape(family)).given(statistics_of(family, memberships))


def mode(prior, family, memberships=MEMBERSHIPS):
    return posterior(prior, family, memberships).mode(mixture_shape(family))


def as_arrays(tree):
    """In JAX."""
    return jax.tree.map(jnp.asarray, tree)


def coordinates(parameters):
    """Log weights, means, and those of the covariances' parts."""
    return {"weights": np.log(parameters.weights), "means": parameters.means, **parameters.covariance.real}


def parameters_at(real, shape):
    return MixtureParameters(jax.nn.softmax(real["weights"]), real["means"], shape.family.from_real(real))


@eqx.filter_jit
def heights(prior, statistics, shape, unravel, flat, around):
    """What the M-step climbs, with its gradient, at a point, and its values at others; compiled once for each kind of prior."""

    def objective(place):
        parameters = parameters_at(unravel(place), shape)
        plain = MixtureParameters(parameters.weights, parameters.means, shape.family.from_sites(parameters.covariance.sites))
        return expected_log_likelihood(statistics, plain) + prior.log_density_at(plain)

    return jax.value_and_grad(objective)(flat), jax.vmap(objective)(around)


log_density = eqx.filter_jit(lambda kernel, at: kernel.log_density(at))
slope_of = eqx.filter_jit(lambda kernel, at: kernel.slope(at))


@eqx.filter_jit
def derivative(kernel, real, shape):
    """Of a kernel's log density, by coordinates."""
    return jax.grad(lambda each: kernel.log_density(parameters_at(each, shape)))(real)


@CASES
def test_the_mode_is_the_maximum(family, prior):
    """Of the expected log-likelihood plus the prior's own log density, which knows nothing of kernels given statistics."""
    shape, statistics, best = mixture_shape(family), statistics_of(family), mode(prior, family)
    np.testing.assert_allclose(best.weights.sum(), 1, rtol=1e-14)
    for part in shape.parts:
        part.support.check(np.asarray(best.sites[part.name]), part.name)
    flat, unravel = ravel_pytree(jax.tree.map(jnp.asarray, coordinates(best)))
    around = flat + 1e-2 * np.random.default_rng(8).normal(size=(50, flat.size))
    (top, gradient), near = heights(as_jax(prior), statistics, shape, unravel, flat, around)
    # Terms of the order of N cancel here.
    np.testing.assert_allclose(gradient, np.zeros_like(gradient), atol=1e-10 * N)
    assert (near < top).all()


@CASES
def test_slopes_are_derivatives(family, prior):
    """Of prior and posterior, at a point that is nobody's mode, in both namespaces."""
    shape, parameters = mixture_shape(family), random_parameters(family, seed=4)
    real = jax.tree.map(jnp.asarray, coordinates(parameters))
    for kernel in (prior.kernel(shape), posterior(prior, family)):
        wanted = derivative(as_arrays(kernel), real, shape)
        plain, traced = kernel.slope(parameters), slope_of(as_arrays(kernel), as_arrays(parameters))
        assert list(plain) == ["weights", "means", *shape.family.part_shapes(K, D)]
        for name, slope in wanted.items():
            assert isinstance(plain[name], np.ndarray | np.generic)
            size = 1e-11 * max(1, np.abs(slope).max())
            np.testing.assert_allclose(plain[name], slope, rtol=1e-10, atol=size)
            np.testing.assert_allclose(traced[name], slope, rtol=1e-10, atol=size)


@CASES
def test_the_posterior_is_the_prior_and_the_rows(family, prior):
    """The density of rows given components differs from Q by (2π)^{ND/2} alone, wherever it is evaluated."""
    kernel, given, statistics = prior.kernel(mixture_shape(family)), posterior(prior, family), statistics_of(family)
    for seed in (1, 2, 3):
        parameters = random_parameters(family, seed=seed)
        found = given.log_density(parameters) - kernel.log_density(parameters)
        wanted = expected_log_likelihood(statistics, parameters) + N * D / 2 * np.log(2 * np.pi)
        assert isinstance(found, np.generic | np.ndarray)
        np.testing.assert_allclose(found, wanted, rtol=1e-11)
        traced = log_density(as_arrays(given), as_arrays(parameters))
        np.testing.assert_allclose(traced, given.log_density(parameters), rtol=1e-12)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_rows_may_come_in_turn(family):
    """What is given twice is given together: the posterior of some rows is the prior of the others."""
    prior, shape = resolve_prior(stated_conjugate(family), mixture_shape(family), DATA), mixture_shape(family)
    first, second = (statistics_of(family, MEMBERSHIPS[part], X[part]) for part in (slice(0, 12), slice(12, N)))
    twice, once = prior.kernel(shape).given(first).given(second), posterior(prior, family)
    for one, other in zip(jax.tree.leaves(twice), jax.tree.leaves(once), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_several_at_once(family):
    """M-steps, densities and slopes of mixtures along leading axes, in NumPy and in JAX."""
    prior, shape = resolve_prior("weak", mixture_shape(family), DATA), mixture_shape(family)
    several = np.random.default_rng(9).dirichlet(np.ones(K), size=(2, 4, N))
    statistics = statistics_of(family, several)
    kernel = prior.kernel(shape).given(statistics)
    best = kernel.mode(shape)
    traced = eqx.filter_jit(lambda prior, each: prior.kernel(shape).given(each).mode(shape))(prior, statistics)
    for one, other in zip(jax.tree.leaves(traced.sites), jax.tree.leaves(best.sites), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    values, slopes = kernel.log_density(best), kernel.slope(best)
    for place in np.ndindex(2, 4):
        alone = posterior(prior, family, several[place])
        own = alone.mode(shape)
        for name, value in own.sites.items():
            np.testing.assert_allclose(best.sites[name][place], value, rtol=1e-12)
        np.testing.assert_allclose(values[place], alone.log_density(own), rtol=1e-12)
        for name, value in alone.slope(own).items():
            np.testing.assert_allclose(slopes[name][place], value, atol=1e-10)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_a_priors_own_mode(family):
    """Without rows too the kernel's mode is where its density is highest."""
    prior, shape = resolve_prior(stated_conjugate(family), mixture_shape(family), DATA), mixture_shape(family)
    best = prior.kernel(shape).mode(shape)
    assert best.shape == shape
    for part in shape.parts:
        part.support.check(np.asarray(best.sites[part.name]), part.name)
    np.testing.assert_allclose(best.weights, np.array([0.5, 1, 2]) / 3.5, rtol=1e-14)
    np.testing.assert_array_equal(best.means, np.broadcast_to([0.5, -1.0], (K, D)))
    for name, slope in prior.kernel(shape).slope(best).items():
        np.testing.assert_allclose(slope, np.zeros_like(slope), atol=1e-12, err_msg=name)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_without_a_prior_it_is_the_familys_own_fit(family):
    """Of counts and scatter about the weighted means."""
    count = MEMBERSHIPS.sum(axis=0)
    means = MEMBERSHIPS.T @ X / count[:, None]
    residuals = X[:, None] - means
    scatter = np.einsum("nk,nkd,nke->kde", MEMBERSHIPS, residuals, residuals)
    shape = mixture_shape(family)
    best = mode(resolve_prior("flat", shape, DATA), family)
    np.testing.assert_allclose(best.weights, count / N, rtol=1e-13)
    np.testing.assert_allclose(best.means, means, rtol=1e-12)
    wanted = shape.family.fitted(count, shape.family.moment.from_matrix(scatter))
    for name, value in wanted.sites.items():
        np.testing.assert_allclose(best.sites[name], value, rtol=1e-11)


def test_and_so_the_weighted_estimators():
    count = MEMBERSHIPS.sum(axis=0)
    residuals = X[:, None] - MEMBERSHIPS.T @ X / count[:, None]
    scatter = np.einsum("nk,nkd,nke->kde", MEMBERSHIPS, residuals, residuals)
    full = scatter / count[:, None, None]
    wanted = {
        "full": full,
        "tied": scatter.sum(axis=0) / N,
        "diagonal": np.diagonal(full, axis1=1, axis2=2),
        "spherical": np.trace(full, axis1=1, axis2=2) / D,
        "spherical_tied": np.trace(scatter.sum(axis=0)) / (N * D),
    }
    for family, values in wanted.items():
        (found,) = mode(FlatPrior(), family).covariance.sites.values()
        np.testing.assert_allclose(found, values, rtol=1e-12)


def test_the_denominator_of_the_full_family_is_that_of_the_textbook():
    """N_k + ν + D + 2 (Fraley & Raftery 2007, equation 9), with one component about the prior mean."""
    prior = resolve_prior({"kind": "conjugate", "mean": X.mean(axis=0), "scale": 2.0}, mixture_shape("full"), DATA)
    best = mode(prior, "full")
    count = MEMBERSHIPS.sum(axis=0)
    means = MEMBERSHIPS.T @ X / count[:, None]
    for k in range(K):
        scatter = (MEMBERSHIPS[:, k] * (X - means[k]).T) @ (X - means[k])
        apart = means[k] - X.mean(axis=0)
        pull = 0.01 * count[k] / (0.01 + count[k]) * np.outer(apart, apart)
        wanted = (2 * np.eye(D) + scatter + pull) / (count[k] + (D + 2) + D + 2)
        np.testing.assert_allclose(best.covariance.covariances[k], wanted, rtol=1e-12)


def test_a_component_without_rows_falls_back_on_the_prior():
    memberships = np.column_stack([MEMBERSHIPS[:, 0] + MEMBERSHIPS[:, 1], MEMBERSHIPS[:, 2], np.zeros(N)])
    best = mode(resolve_prior(stated_conjugate("full"), mixture_shape("full"), DATA), "full", memberships)
    np.testing.assert_allclose(best.means[2], [0.5, -1.0], rtol=1e-12)
    # The mode of Ψ under IW(9) times N(μ | m, Σ/κ) at μ = m: Ψ / (ν + D + 2).
    np.testing.assert_allclose(best.covariance.covariances[2], SCALE / 13, rtol=1e-12)
    # (n + α − 1) / Σ with α = 3 for the third.
    np.testing.assert_allclose(best.weights[2], 2 / (N + 3.5), rtol=1e-12)


def test_a_component_without_rows_has_no_covariance_where_there_is_no_prior():
    memberships = np.column_stack([MEMBERSHIPS[:, 0] + MEMBERSHIPS[:, 1], MEMBERSHIPS[:, 2], np.zeros(N)])
    with np.errstate(invalid="ignore"):
        best = mode(FlatPrior(), "diagonal", memberships)
    assert best.weights[2] == 0
    assert np.isfinite(best.means).all()
    assert np.isnan(best.covariance.variances[2]).all()
    # The ridge keeps it: as many rows as it has, of that scatter.
    assert np.isfinite(mode(RidgePrior(np.asarray(7.0)), "diagonal", memberships).covariance.variances).all()

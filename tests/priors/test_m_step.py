"""The closed M-step is the maximum of the program's own density, and without a prior the weighted estimators."""

import equinox as eqx
import jax
import numpy as np
import pytest

from gmm_ppl.mixture.density import expected_log_likelihood
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.residuals import statistics_of_memberships
from gmm_ppl.mixture.rows import rows
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.specification import as_jax
from gmm_ppl.priors import AbstractConjugatePrior, resolve_prior
from gmm_ppl.priors.sites import log_prior
from tests.cases import FAMILY_NAMES, PRIOR_KINDS, mixture_shape, random_rows
from tests.priors.oracles import stated_conjugate

pytestmark = pytest.mark.usefixtures("x64")
N, K, D = 30, 3, 2
X = random_rows(N)
MEMBERSHIPS = np.random.default_rng(7).dirichlet(np.ones(K), size=N)
DATA = data_scale(X)
STATEMENTS = {kind: lambda family, kind=kind: kind for kind in PRIOR_KINDS if kind != "program"}
STATEMENTS["stated"] = stated_conjugate


def conjugate_cases():
    for family in FAMILY_NAMES:
        for name, state in STATEMENTS.items():
            prior = resolve_prior(state(family), mixture_shape(family), DATA)
            if isinstance(prior, AbstractConjugatePrior):
                yield pytest.param(family, prior, id=f"{family}-{name}")


def objective(prior, statistics, parameters):
    """What an M-step maximises, from the program's own density."""
    return expected_log_likelihood(statistics, parameters) + log_prior(prior, parameters.shape, parameters.sites)[0]


def symmetric(parameters):
    """A direction in parameters that keeps matrices symmetric and weights summing to one."""
    values = parameters.covariance.values
    if parameters.covariance.matrix:
        values = (values + values.swapaxes(-1, -2)) / 2
    weights = parameters.weights - parameters.weights.mean()
    return MixtureParameters(weights, parameters.means, type(parameters.covariance)(values))


@eqx.filter_jit
def maximise(prior, shape, memberships):
    statistics = statistics_of_memberships(rows(X), memberships, matrix=shape.family.matrix)
    return statistics, prior.maximise(statistics, shape)


@eqx.filter_jit
def value_and_gradient(prior, statistics, parameters):
    value, gradient = jax.value_and_grad(lambda each: objective(prior, statistics, each))(parameters)
    return value, symmetric(gradient)


def found(prior, family, memberships=MEMBERSHIPS):
    return jax.tree.map(np.asarray, maximise(as_jax(prior), mixture_shape(family), memberships))


@pytest.mark.parametrize(("family", "prior"), list(conjugate_cases()))
def test_m_step_is_the_maximum(family, prior):
    prior = as_jax(prior)
    statistics, best = found(prior, family)
    np.testing.assert_allclose(best.weights.sum(), 1, rtol=1e-14)
    top, gradient = value_and_gradient(prior, statistics, best)
    for leaf in jax.tree.leaves(gradient):
        # Terms of the order of N cancel here.
        np.testing.assert_allclose(leaf, np.zeros_like(leaf), atol=1e-10 * N)
    rng = np.random.default_rng(8)
    for _ in range(20):
        along = symmetric(jax.tree.map(lambda leaf: rng.normal(size=leaf.shape), best))
        around = jax.tree.map(lambda a, b: np.asarray(a + 1e-3 * b), best, along)
        assert value_and_gradient(prior, statistics, around)[0] < top


def test_m_step_without_a_prior_is_the_weighted_estimators():
    count = MEMBERSHIPS.sum(axis=0)
    means = MEMBERSHIPS.T @ X / count[:, None]
    residuals = X[:, None] - means
    scatter = np.einsum("nk,nkd,nke->kde", MEMBERSHIPS, residuals, residuals)
    full = scatter / count[:, None, None]
    wanted = {
        "full": full,
        "tied": scatter.sum(axis=0) / N,
        "diagonal": np.diagonal(full, axis1=1, axis2=2),
        "spherical": np.trace(full, axis1=1, axis2=2) / D,
    }
    for family, values in wanted.items():
        best = found(resolve_prior("flat", mixture_shape(family), DATA), family)[1]
        np.testing.assert_allclose(best.weights, count / N, rtol=1e-13)
        np.testing.assert_allclose(best.means, means, rtol=1e-12)
        np.testing.assert_allclose(best.covariance.values, values, rtol=1e-12)


def test_the_denominator_of_the_full_family_is_that_of_the_textbook():
    """N_k + ν + D + 2 (Fraley & Raftery 2007, equation 9), with one component about the prior mean."""
    prior = resolve_prior({"kind": "conjugate", "mean": X.mean(axis=0), "scale": 2.0}, mixture_shape("full"), DATA)
    best = found(prior, "full")[1]
    count = MEMBERSHIPS.sum(axis=0)
    means = MEMBERSHIPS.T @ X / count[:, None]
    for k in range(K):
        scatter = (MEMBERSHIPS[:, k] * (X - means[k]).T) @ (X - means[k])
        apart = means[k] - X.mean(axis=0)
        pull = 0.01 * count[k] / (0.01 + count[k]) * np.outer(apart, apart)
        wanted = (2 * np.eye(D) + scatter + pull) / (count[k] + (D + 2) + D + 2)
        np.testing.assert_allclose(best.covariance.values[k], wanted, rtol=1e-12)


def test_a_component_without_rows_falls_back_on_the_prior():
    memberships = np.column_stack([MEMBERSHIPS[:, 0] + MEMBERSHIPS[:, 1], MEMBERSHIPS[:, 2], np.zeros(N)])
    best = found(resolve_prior(stated_conjugate("full"), mixture_shape("full"), DATA), "full", memberships)[1]
    np.testing.assert_allclose(best.means[2], [0.5, -1.0], rtol=1e-12)
    # The mode of Ψ under IW(9) times N(μ | m, Σ/κ) at μ = m: Ψ / (ν + D + 2).
    np.testing.assert_allclose(best.covariance.values[2], np.array([[2.0, 0.5], [0.5, 1.5]]) / 13, rtol=1e-12)
    # (n + α − 1) / Σ with α = 3 for the third.
    np.testing.assert_allclose(best.weights[2], 2 / (N + 3.5), rtol=1e-12)

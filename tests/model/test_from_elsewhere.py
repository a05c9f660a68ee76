"""Weights and means that a user's model makes itself, and the log-likelihood of all rows at once."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pytest
from numpyro import distributions as dist
from numpyro import handlers
from numpyro.infer.util import log_density

import gmm_ppl as gp
from tests.cases import FAMILY_NAMES, hierarchical_program, mixture_shape, random_parameters, random_rows
from tests.mixture import oracles
from tests.priors.oracles import conjugate_log_density

N, K, D = 7, 3, 2
X = random_rows(N)
WEIGHTS = np.random.default_rng(0).dirichlet(np.ones(K), size=N)
MEANS = np.random.default_rng(1).normal(size=(N, K, D))


def by_row(parameters, weights=None, means=None):
    """Each row under a mixture of its own, by SciPy."""
    each = [
        gp.MixtureParameters(
            parameters.weights if weights is None else weights[row],
            parameters.means if means is None else means[row],
            parameters.covariance,
        )
        for row in range(N)
    ]
    return np.array([oracles.log_density(X[row : row + 1], own)[0] for row, own in enumerate(each)])


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("given", [{"weights": WEIGHTS}, {"means": MEANS}, {"weights": WEIGHTS, "means": MEANS}], ids=len)
def test_a_mixture_for_each_row(family, given):
    parameters = random_parameters(family)
    law = gp.GaussianMixture(parameters, **given)
    assert law.batch_shape == (N,)
    np.testing.assert_allclose(law.log_prob(X), by_row(parameters, **given), rtol=1e-11)
    joint = law.component_log_probs(X)
    assert joint.shape == (N, K)
    np.testing.assert_allclose(jax.nn.logsumexp(joint, axis=-1), law.log_prob(X), rtol=1e-12)


@pytest.mark.usefixtures("x64")
def test_shared_parts_are_those_of_every_lane():
    """Mapped over and made by `vmap`, where a part that is shared inside differs between lanes outside."""
    several = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(random_parameters("full", seed=seed) for seed in (1, 2)))
    found = jax.vmap(lambda each: gp.GaussianMixture(each, weights=WEIGHTS).log_prob(X))(several)
    outside = jax.vmap(lambda each: gp.GaussianMixture(each, weights=WEIGHTS))(several)
    for lane, seed in enumerate((1, 2)):
        wanted = by_row(random_parameters("full", seed=seed), WEIGHTS)
        np.testing.assert_allclose(found[lane], wanted, rtol=1e-11)
        np.testing.assert_allclose(jax.vmap(lambda law: law.log_prob(X))(outside)[lane], wanted, rtol=1e-11)
        np.testing.assert_allclose(outside.log_prob(X)[lane], wanted, rtol=1e-11)
    inside = jax.vmap(lambda law, x: law.log_prob(x))(gp.GaussianMixture(random_parameters("full"), weights=WEIGHTS), X)
    np.testing.assert_allclose(inside, by_row(random_parameters("full"), WEIGHTS), rtol=1e-11)


def test_one_factor_for_all_rows():
    """A covariance that rows share is factorised once: K matrices, and not N × K."""
    parameters, rows = random_parameters("full", features=9), random_rows(N, features=9)
    program = str(jax.make_jaxpr(lambda weights: gp.GaussianMixture(parameters, weights=weights).log_prob(rows))(WEIGHTS))
    factors = [line for line in program.splitlines() if "= cholesky" in line]
    assert factors
    assert all(f"[{K},9,9]" in line for line in factors)


def test_given_weights_leave_no_site():
    mixture = gp.Mixture(K, "diagonal")
    sites = random_parameters("diagonal").sites
    with handlers.trace() as trace, handlers.seed(rng_seed=0):
        parameters = mixture.sample_parameters(scale=X, weights=jnp.asarray(WEIGHTS))
    assert set(trace) == {"means", "variances"}
    assert parameters.weights.shape == (N, K)

    def model():
        weights = numpyro.sample("own", dist.Dirichlet(2 * jnp.ones(K)))
        numpyro.factor("x", gp.log_likelihood(mixture.sample_parameters(scale=X, weights=weights), X))

    with jax.enable_x64(True):
        values = {"own": sites["weights"], "means": sites["means"], "variances": sites["variances"]}
        found = float(log_density(model, (), {}, values)[0])
        own = float(dist.Dirichlet(2 * jnp.ones(K)).log_prob(sites["weights"]))
    parameters = random_parameters("diagonal")
    # The weak prior's law of weights is uniform, with density (K − 1)!, and is left out.
    prior = conjugate_log_density(parameters, mixture.resolve(X).prior) - np.log(2)
    np.testing.assert_allclose(found, own + prior + oracles.log_density(X, parameters).sum(), rtol=1e-11)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_the_log_likelihood_of_all_rows(family):
    parameters, weights = random_parameters(family), np.arange(N, dtype=float)
    wanted = oracles.log_density(X, parameters)
    np.testing.assert_allclose(gp.log_likelihood(parameters, X), wanted.sum(), rtol=1e-12)
    np.testing.assert_allclose(jax.jit(gp.log_likelihood)(parameters, X, weights), weights @ wanted, rtol=1e-12)
    parameters = jax.tree.map(jnp.asarray, parameters)
    slope = jax.grad(gp.log_likelihood)(parameters, X)
    by_distribution = jax.grad(lambda each: gp.GaussianMixture(each).log_prob(X).sum())(parameters)
    for one, other in zip(jax.tree.leaves(slope), jax.tree.leaves(by_distribution), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-10)


def test_what_is_refused():
    parameters, mixture = random_parameters("full"), gp.Mixture(K)
    with pytest.raises(gp.InputError, match="end in an axis of 3 components"):
        mixture.sample_parameters(scale=X, weights=jnp.ones(2) / 2)
    program = hierarchical_program(mixture_shape("full").family)
    with pytest.raises(gp.InputError, match="a site called weights"):
        gp.Mixture(K, "full", program).sample_parameters(scale=X, weights=jnp.ones(K) / K)
    with pytest.raises(gp.InputError, match="one mixture, without leading axes"):
        gp.log_likelihood(gp.MixtureParameters(WEIGHTS, parameters.means, parameters.covariance), X)
    with pytest.raises(gp.InputError, match=r"x must have shape \(N, 2\)"):
        gp.log_likelihood(parameters, X[:, :1])
    with pytest.raises(gp.InputError, match="one a row"):
        gp.log_likelihood(parameters, X, np.ones(3))
    with pytest.raises(gp.InputError, match="must end in axes"):
        gp.GaussianMixture(parameters, weights=np.ones(2) / 2)

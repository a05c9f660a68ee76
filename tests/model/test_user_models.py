"""`GaussianMixture` and `Mixture.sample_parameters` inside models that a user writes, sampled by NumPyro's own tools."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pytest
from numpyro import distributions as dist
from numpyro import handlers
from numpyro.infer import HMC, MCMC, NUTS, Predictive, init_to_median
from numpyro.infer.util import log_density

import gmm_ppl as gp
from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.priors import resolve_prior
from tests.cases import mixture_shape, random_parameters, random_rows
from tests.mixture import oracles
from tests.priors.oracles import conjugate_log_density
from tests.priors.test_one_statement import measures

N, D = 40, 2
X = random_rows(N)
KEY = jax.random.key(0)


def own(x, covariance="full"):
    """The model of the README."""
    parameters = gp.Mixture(components=3, covariance=covariance).sample_parameters(scale=x)
    with numpyro.plate("rows", x.shape[0]):
        numpyro.sample("x", gp.GaussianMixture(parameters), obs=x)


def run(kernel, *args, **options):
    sampler = MCMC(kernel, num_warmup=5, num_samples=4, num_chains=2, chain_method="vectorized", progress_bar=False, **options)
    sampler.run(KEY, *args)
    return sampler.get_samples()


@pytest.mark.parametrize("covariance", [name for name, family in FAMILIES.items() if len(family.parts) == 1])
def test_the_sites_of_a_model_of_ones_own(covariance):
    """With rows that JAX traces, as under `jit_model_args`: the density is that of the library's prior and likelihood."""
    parameters = random_parameters(covariance)
    prior = resolve_prior("weak", mixture_shape(covariance), data_scale(X))
    with jax.enable_x64(True):
        density = jax.jit(lambda x, sites: log_density(lambda rows: own(rows, covariance), (x,), {}, sites)[0])
        found = float(density(X, parameters.sites))
    likelihood = oracles.log_density(X, parameters).sum()
    found += float(measures(parameters.shape, parameters.sites))
    np.testing.assert_allclose(found, conjugate_log_density(parameters, prior) + likelihood, rtol=1e-11)


def test_dimensions_carry_their_names():
    with handlers.substitute(data=random_parameters("full").sites), handlers.trace() as trace:
        own(X)
    assert trace["weights"]["infer"] == {"event_dims": ["component"]}
    assert trace["means"]["infer"] == {"event_dims": ["component", "feature"]}
    assert trace["covariances"]["infer"] == {"event_dims": ["component", "feature", "feature_bis"]}


def test_numpyro_samples_it_with_traced_data_in_single_precision():
    with jax.enable_x64(False):
        draws = run(HMC(partial(own, covariance="spherical")), jnp.asarray(X), jit_model_args=True)
    shapes = {name: value.shape for name, value in draws.items()}
    assert shapes == {"weights": (8, 3), "means": (8, 3, 2), "variances": (8, 3)}
    for value in draws.values():
        assert value.dtype == np.float32
        assert np.isfinite(value).all()
    np.testing.assert_allclose(draws["weights"].sum(axis=1), np.ones(8), rtol=1e-5)


def latent(y):
    centre = numpyro.sample("centre", gp.GaussianMixture(random_parameters("full")))
    numpyro.sample("y", dist.Normal(centre, 0.5).to_event(1), obs=y)


def test_it_can_be_the_prior_of_a_latent_value():
    y = np.array([0.5, -0.5])
    draws = run(NUTS(latent, max_tree_depth=3, init_strategy=init_to_median(num_samples=3)), jnp.asarray(y))
    assert draws["centre"].shape == (8, D)
    assert np.isfinite(draws["centre"]).all()
    with jax.enable_x64(True):
        slope = jax.jit(jax.grad(lambda value, y: log_density(latent, (y,), {}, {"centre": value})[0]))(X[0], y)

    def by_hand(value):
        return oracles.log_density(value[None], random_parameters("full"))[0] - 0.5 * (((y - value) / 0.5) ** 2).sum()

    steps = 1e-6 * np.eye(D)
    wanted = [(by_hand(X[0] + step) - by_hand(X[0] - step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(slope, wanted, rtol=1e-7)


def test_a_plate_that_subsamples_scales_its_rows():
    def model():
        with numpyro.plate("rows", N, subsample_size=8) as chosen:
            numpyro.sample("x", gp.GaussianMixture(random_parameters("full")), obs=jnp.asarray(X)[chosen])

    with jax.enable_x64(True), handlers.seed(rng_seed=1):
        value, trace = log_density(model, (), {}, {})
    chosen = np.asarray(trace["rows"]["value"])
    assert len(set(chosen.tolist())) == 8
    assert trace["x"]["scale"] == N / 8
    np.testing.assert_allclose(value, N / 8 * oracles.log_density(X[chosen], random_parameters("full")).sum(), rtol=1e-11)


def test_a_mixture_for_every_group():
    """A plate of mixtures, one a group, each with its own rows."""
    members = [random_parameters("diagonal", seed=seed) for seed in (1, 2)]
    parameters = jax.tree.map(lambda *leaves: np.stack(leaves), *members)
    rows = X[:6].reshape(3, 2, D)

    def model():
        with numpyro.plate("groups", 2), numpyro.plate("rows", 3):
            numpyro.sample("x", gp.GaussianMixture(parameters), obs=rows)

    with jax.enable_x64(True):
        found = log_density(model, (), {}, {})[0]
    wanted = sum(oracles.log_density(rows[:, index], each).sum() for index, each in enumerate(members))
    np.testing.assert_allclose(found, wanted, rtol=1e-11)


def test_predictions_from_numpyro():
    def model():
        numpyro.sample("new", gp.GaussianMixture(random_parameters("tied")).expand((5,)))

    draws = Predictive(model, num_samples=3)(KEY)
    assert draws["new"].shape == (3, 5, D)


@pytest.mark.parametrize("form", ["array", "table", "frame", "scale"])
def test_what_the_scale_may_be(form):
    import pandas as pd

    scale = {
        "array": lambda: X,
        "table": lambda: gp.as_table(X),
        "frame": lambda: pd.DataFrame(X, columns=["a", "b"]),
        "scale": lambda: data_scale(X),
    }[form]()
    sites = random_parameters("spherical").sites
    with handlers.substitute(data=sites):
        parameters = gp.Mixture(3, "spherical").sample_parameters(scale=scale)
    np.testing.assert_array_equal(parameters.means, sites["means"])
    assert type(parameters.covariance) is FAMILIES["spherical"]

"""NumPyro's own MCMC, started and preconditioned: the posterior that `sample` has, whatever chains and kernels are asked for."""

import jax
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.nuts.numpyro_mcmc import StartedNUTS
from gmm_ppl.progress import silent
from tests.inference import exact
from tests.inference.monte_carlo import assert_mean

CLUSTERS = np.array([-10.6, -10.1, -9.8, -9.3, -10.0, 8.7, 9.4, 10.2, 10.9, 9.9])
PRIOR = exact.Numbers(concentration=2.0, mean=0.0, precision=0.05, degrees=6.0, scale=4.0)
MIXTURE = gp.Mixture(2, "full", PRIOR.statement())


@pytest.fixture(scope="module")
def run():
    with jax.enable_x64(True):
        mcmc = gp.mcmc(MIXTURE, CLUSTERS[:, None], draws=2000, warmup=200, progress=silent)
        mcmc.run(jax.random.key(1))
        return mcmc, {name: np.asarray(values) for name, values in mcmc.get_samples(group_by_chain=True).items()}


def test_the_exact_posterior(run):
    draws = run[1]
    truth = exact.expectations(CLUSTERS, PRIOR)[0]
    weights, means = draws["weights"], draws["means"][..., 0]
    assert_mean((weights * means).sum(-1), truth["mean of a row"], "mean of a row")
    assert_mean((means[..., 0] - means[..., 1]) ** 2, truth["squared distance of means"], "squared distance of means")
    assert_mean((weights * draws["covariances"][..., 0, 0]).sum(-1), truth["variance within"], "variance within")


def test_chains_begin_apart_and_go_on(run):
    mcmc, draws = run
    assert draws["means"].shape == (4, 2000, 2, 1)
    assert isinstance(mcmc.sampler, StartedNUTS)
    assert np.unique(draws["means"][:, 0, 0, 0]).size == 4
    with jax.enable_x64(True):
        starts = [mcmc.sampler.start(key) for key in jax.random.split(jax.random.key(3), 200)]
    first = np.array([each["means"][0, 0] for each in starts])
    assert first.std() == pytest.approx(2 * draws["means"][..., 0, 0].std(), rel=0.3)


def test_another_method_of_chains_and_single_precision():
    mcmc = gp.mcmc(MIXTURE, CLUSTERS[:, None], chains=1, draws=50, warmup=50, progress=silent, chain_method="sequential")
    mcmc.run(jax.random.key(0), extra_fields=("potential_energy",))
    assert mcmc.get_samples()["means"].dtype == np.float32
    assert np.isfinite(mcmc.get_extra_fields()["potential_energy"]).all()


def test_refusals():
    with pytest.raises(gp.InputError, match="no posterior under a flat prior"):
        gp.mcmc(gp.Mixture(2, "full", "flat"), CLUSTERS[:, None])
    with pytest.raises(gp.InputError, match="chains must be a whole number from 1"):
        gp.mcmc(MIXTURE, CLUSTERS[:, None], chains=0)

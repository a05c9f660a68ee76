"""NumPyro's MixtureSameFamily of multivariate normals, and its NUTS on it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
from numpyro import distributions as dist
from numpyro.infer import MCMC, NUTS, init_to_value

import gmm_ppl as gp
from tests.benchmarks.problems import Problem


def value_and_gradient(problem: Problem) -> Callable[[dict], tuple]:
    """Log-likelihood and its gradient as a function of logits of the weights, means and Cholesky factors."""

    def log_likelihood(point: dict, x: jax.Array) -> jax.Array:
        components = dist.MultivariateNormal(point["means"], scale_tril=jnp.tril(point["factors"]))
        mixing = dist.Categorical(logits=point["logits"])
        return jnp.sum(dist.MixtureSameFamily(mixing, components).log_prob(x))

    program = jax.jit(jax.value_and_grad(log_likelihood))
    with jax.enable_x64(True):
        x = jnp.asarray(problem.x)

    def call(point: dict) -> tuple:
        with jax.enable_x64(True):
            return jax.block_until_ready(program(point, x))

    return call


class Sampler:
    """NUTS with our prior (the same program) and NumPyro's own likelihood; compiled once and run again."""

    def __init__(self, problem: Problem, point: gp.PointFit, *, draws: int, dense: bool) -> None:
        self.x = problem.x
        mixture = gp.Mixture(problem.components, problem.family)

        def model(x: Any) -> None:
            parameters = mixture.sample_parameters(scale=problem.x)
            components = dist.MultivariateNormal(parameters.means, covariance_matrix=parameters.covariances)
            with numpyro.plate("obs", len(problem.x)):
                numpyro.sample("x", dist.MixtureSameFamily(dist.Categorical(parameters.weights), components), obs=x)

        kernel = NUTS(model, target_accept_prob=0.9, dense_mass=dense, init_strategy=init_to_value(values=point.sites))
        with jax.enable_x64(True):
            settings = {"num_chains": 4, "chain_method": "vectorized", "progress_bar": False}
            self.chains = MCMC(kernel, num_warmup=draws, num_samples=draws, **settings)

    def run(self, seed: int) -> dict[str, np.ndarray]:
        """Draws (chain, draw, …) by name."""
        with jax.enable_x64(True):
            self.chains.run(jax.random.key(seed), jnp.asarray(self.x))
            draws = self.chains.get_samples(group_by_chain=True)
            return {name: np.asarray(draws[name]) for name in ("weights", "means", "covariances")}

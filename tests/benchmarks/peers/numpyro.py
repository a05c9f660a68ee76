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

CHAINS, WARMUP = 4, 1000
"""NumPyro's default warm-up, in chains side by side."""


def marginal(problem: Problem) -> tuple[Callable[[dict, jax.Array], jax.Array], jax.Array, dict[str, str]]:
    """Log-likelihood as a function of a point (logits of the weights, means, Cholesky factors) and rows; the rows; no options."""

    def log_likelihood(point: dict, x: jax.Array) -> jax.Array:
        components = dist.MultivariateNormal(point["means"], scale_tril=jnp.tril(point["factors"]))
        mixing = dist.Categorical(logits=point["logits"])
        return jnp.sum(dist.MixtureSameFamily(mixing, components).log_prob(x))

    with jax.enable_x64(True):
        return log_likelihood, jnp.asarray(problem.x), {}


class Sampler:
    """NUTS with our prior (the same program) and NumPyro's own likelihood: four chains side by side, from the same EM fit.

    `stock` is a call as users write it, NumPyro's defaults but for the chains, traced and compiled at every call as NumPyro does;
    else the whole run is one compiled program, which is kinder than NumPyro offers.
    """

    def __init__(self, problem: Problem, point: gp.PointFit, *, draws: int, stock: bool) -> None:
        self.x, self.draws, self.stock = problem.x, draws, stock
        mixture = gp.Mixture(problem.components, problem.family)

        def model(x: Any) -> None:
            parameters = mixture.sample_parameters(scale=problem.x)
            components = dist.MultivariateNormal(parameters.means, covariance_matrix=parameters.covariances)
            with numpyro.plate("obs", len(problem.x)):
                numpyro.sample("x", dist.MixtureSameFamily(dist.Categorical(parameters.weights), components), obs=x)

        def one_chain(key: jax.Array, x: jax.Array) -> dict[str, jax.Array]:
            # Its own vectorised chains cannot be run twice: the second run maps over chains again (NumPyro 0.22).
            chain = MCMC(self.kernel(), num_warmup=WARMUP, num_samples=draws, progress_bar=False)
            chain.run(key, x)
            return chain.get_samples()

        self.kernel = lambda: NUTS(model, init_strategy=init_to_value(values=point.sites))
        self.program = jax.jit(jax.vmap(one_chain, in_axes=(0, None)))

    def run(self, seed: int) -> dict[str, np.ndarray]:
        """Draws (chain, draw, …) by name."""
        with jax.enable_x64(True):
            found = self.as_users_do(seed) if self.stock else self.program(keys(seed), jnp.asarray(self.x))
            return {name: np.asarray(found[name]) for name in ("weights", "means", "covariances")}

    def as_users_do(self, seed: int) -> dict[str, jax.Array]:
        """A new `MCMC` and its `run`."""
        options = {"num_chains": CHAINS, "chain_method": "vectorized", "progress_bar": False}
        chains = MCMC(self.kernel(), num_warmup=WARMUP, num_samples=self.draws, **options)
        chains.run(jax.random.key(seed), jnp.asarray(self.x))
        return chains.get_samples(group_by_chain=True)


def keys(seed: int) -> jax.Array:
    """One a chain."""
    return jax.random.split(jax.random.key(seed), CHAINS)

"""A mixture over groups: components are shared, and each group has weights of its own.

    y_i ~ Σ_k π_{g(i) k} N(μ_k, Σ_k),      π_g ~ Dirichlet(c β),      c ~ Gamma(2, 0.2),      (β, μ, Σ) ~ the weak prior

β are the weights of a typical group, and c says how much groups are alike. A group of few rows is drawn towards β.
"""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
from numpyro import distributions as dist
from numpyro.infer import MCMC, NUTS, init_to_value

import gmm_ppl as gp

MIXTURE = gp.Mixture(components=2, covariance="full", prior={"kind": "conjugate", "concentration": 2})
WEIGHTS = np.array([[0.9, 0.1], [0.7, 0.3], [0.5, 0.5], [0.2, 0.8], [0.6, 0.4]])
SIZES = np.array([60, 60, 60, 60, 8])
MEANS = np.array([[-1.5, 0.0], [1.5, 1.0]])


def simulate(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows y (N, 2) and the group of each (N,), from the weights and means above; the last group is small."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(SIZES)), SIZES)
    component = (rng.random(len(group)) > WEIGHTS[group, 0]).astype(int)
    return MEANS[component] + 0.6 * rng.normal(size=(len(group), 2)), group


def model(y, group, groups: int):
    """The NumPyro program."""
    concentration = numpyro.sample("concentration", dist.Gamma(2, 0.2))
    parameters = MIXTURE.sample_parameters(scale=y)  # its weights are those of a typical group
    with numpyro.plate("groups", groups):
        weights = numpyro.sample("group_weights", dist.Dirichlet(concentration * parameters.weights))
    with numpyro.plate("rows", len(y)):
        numpyro.sample("y", gp.GaussianMixture(parameters, weights=weights[group]), obs=y)


def draws(y, group, seed: int = 0) -> dict[str, np.ndarray]:
    """Posterior draws (chain, draw, …). Chains begin at EM of all rows together, first component left."""
    point = gp.fit(MIXTURE, y, seed=seed)
    order = np.argsort(point.parameters.means[:, 0])
    start = {name: each[order] for name, each in point.sites.items()}
    sampler = MCMC(
        NUTS(model, init_strategy=init_to_value(values=start)),
        num_warmup=400,
        num_samples=500,
        num_chains=2,
        chain_method="vectorized",
        progress_bar=False,
    )
    sampler.run(jax.random.key(seed), jnp.asarray(y), jnp.asarray(group), int(group.max()) + 1)
    return {name: np.asarray(each) for name, each in sampler.get_samples(group_by_chain=True).items()}


if __name__ == "__main__":
    found = draws(*simulate(seed=1))["group_weights"][..., 0]
    for rows, mean, deviation, truth in zip(SIZES, found.mean(axis=(0, 1)), found.std(axis=(0, 1)), WEIGHTS[:, 0], strict=True):
        print(f"{rows:3} rows: weight of the first component {mean:.2f} ± {deviation:.2f}, truth {truth}")

"""A Dirichlet-process mixture, truncated: weights broken off a stick, components by the library's prior.

    P(y) = Σ_k π_k N(μ_k, Σ_k),      π_k = v_k Π_{j<k} (1 − v_j),      v_k ~ Beta(1, α),      v_K = 1

With K components the part of the stick that truncation gives to the last one is (α / (1 + α))^(K − 1) in the mean. Which of
the components a cluster has means nothing; the density of a new row, here, does not depend on it. (Sethuraman 1994,
Statistica Sinica 4: 639–650; Ishwaran & James 2001, doi:10.1198/016214501750332758.)
"""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
from numpyro import distributions as dist
from numpyro.infer import MCMC, NUTS, init_to_median

import gmm_ppl as gp


def stick_breaking(parts):
    """π (K,) from v (K − 1,)."""
    left = jnp.cumprod(1 - parts)
    return jnp.append(parts, 1.0) * jnp.concatenate([jnp.ones(1), left])


def model(y, mixture: gp.Mixture, alpha: float):
    """The NumPyro program."""
    parts = numpyro.sample("parts", dist.Beta(1, alpha).expand((mixture.components - 1,)).to_event(1))
    weights = numpyro.deterministic("weights", stick_breaking(parts))
    parameters = mixture.sample_parameters(scale=y, weights=weights)
    with numpyro.plate("rows", len(y)):
        numpyro.sample("y", gp.GaussianMixture(parameters), obs=y)


def densities(y, points, mixture: gp.Mixture, alpha: float, *, draws: int = 1000, seed: int = 0) -> np.ndarray:
    """P(points) under each posterior draw, (chain, draw, point); their mean is the predictive density of a new row."""
    sampler = MCMC(
        NUTS(model, init_strategy=init_to_median(num_samples=20), target_accept_prob=0.9),
        num_warmup=500,
        num_samples=draws,
        num_chains=4,
        chain_method="vectorized",
        progress_bar=False,
    )
    sampler.run(jax.random.key(seed), jnp.asarray(y), mixture, alpha)
    found, family = sampler.get_samples(group_by_chain=True), mixture.shape(y.shape[1]).family
    parameters = gp.MixtureParameters(found["weights"], found["means"], family.from_sites(found))
    return np.exp(gp.GaussianMixture(parameters).log_prob(jnp.asarray(points)[:, None, None, :]).transpose(1, 2, 0))


if __name__ == "__main__":
    y = gp.datasets.load("galaxies").values
    points = np.linspace(y.min(), y.max(), 7)[:, None]
    found = densities(y, points, gp.Mixture(components=10, covariance="spherical"), alpha=1.0, draws=250)
    for point, each in zip(points[:, 0], np.moveaxis(found, -1, 0), strict=True):
        print(f"density at {point:9.3f}: {each.mean():.3e} ± {each.std():.1e}")

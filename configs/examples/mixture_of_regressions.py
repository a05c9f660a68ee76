"""A mixture of regressions: every component is a line of its own.

    y_i | x_i ~ Σ_k π_k N(a_k + b_k x_i, σ_k²),      b_k ~ N(0, 5²),      (π, a, σ²) ~ the weak prior, scaled to y

The lines are the means of a mixture with a leading axis of rows: (N, K, 1). Run it with
`python configs/examples/mixture_of_regressions.py`.
"""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
from numpyro import distributions as dist
from numpyro.infer import MCMC, NUTS, init_to_median

import gmm_ppl as gp

MIXTURE = gp.Mixture(components=2, covariance="spherical")
TRUTH = {"weights": [0.4, 0.6], "intercepts": [0.0, 1.0], "slopes": [-1.5, 2.0], "deviations": [0.2, 0.3]}


def simulate(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Covariate x and response y, each (N,), from the two lines of `TRUTH`."""
    rng = np.random.default_rng(seed)
    x, line = rng.uniform(-1, 1, rows), rng.choice(2, rows, p=TRUTH["weights"])
    intercepts, slopes, deviations = (np.array(TRUTH[name])[line] for name in ("intercepts", "slopes", "deviations"))
    return x, intercepts + slopes * x + deviations * rng.normal(size=rows)


def model(x, y):
    """The NumPyro program."""
    parameters = MIXTURE.sample_parameters(scale=y[:, None])  # its means are the intercepts
    slopes = numpyro.sample("slopes", dist.Normal(0, 5).expand((2, 1)).to_event(2))
    lines = parameters.means + slopes * x[:, None, None]
    with numpyro.plate("rows", len(y)):
        numpyro.sample("y", gp.GaussianMixture(parameters, means=lines), obs=y[:, None])


def draws(x, y, seed: int = 0) -> dict[str, np.ndarray]:
    """Posterior draws (chain, draw, …), with the steeper line last, since labels are free to change."""
    sampler = MCMC(
        NUTS(model, init_strategy=init_to_median(num_samples=50)),
        num_warmup=400,
        num_samples=500,
        num_chains=2,
        chain_method="vectorized",
        progress_bar=False,
    )
    sampler.run(jax.random.key(seed), jnp.asarray(x), jnp.asarray(y))
    found = sampler.get_samples(group_by_chain=True)
    order = np.argsort(found["slopes"][..., 0], axis=-1)
    columns = {"weights": found["weights"], "intercepts": found["means"][..., 0], "slopes": found["slopes"][..., 0]}
    return {name: np.take_along_axis(np.asarray(each), order, axis=-1) for name, each in columns.items()}


if __name__ == "__main__":
    for name, each in draws(*simulate(300, seed=1)).items():
        mean, deviation = each.mean(axis=(0, 1)), each.std(axis=(0, 1))
        print(f"{name:11}", *(f"{m:6.2f} ± {s:.2f}" for m, s in zip(mean, deviation, strict=True)), f"  truth {TRUTH[name]}")

"""EM inside `jax.jit` and `jax.vmap`: many fits as one program, and the derivative of a mode.

    θ(w) = argmax_θ Σ_i w_i log P(x_i | θ) + log p(θ),      P(x) = Σ_k π_k N(x | μ_k, Σ_k)

Replicates of the weighted-likelihood bootstrap are lanes of one `vmap` over row weights w; ∂θ / ∂w_i, by reverse mode, is what
row i has to say about a parameter (the infinitesimal jackknife: their squares sum to a sandwich variance).
"""

import jax
import jax.numpy as jnp
import numpy as np

import gmm_ppl as gp


def bootstrap(point: gp.PointFit, x, *, replicates: int = 200, seed: int = 0) -> np.ndarray:
    """Means (replicate, K, D) of modes under weights N · Dirichlet(1, …, 1), each begun at the EM point."""
    with jax.enable_x64(True):

        def one(key):
            weights = len(x) * jax.random.dirichlet(key, jnp.ones(len(x)))
            return gp.em(point.mixture, x, point.parameters, weights=weights)

        runs = jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(seed), replicates))
        return np.asarray(runs.parameters.means)[np.asarray(runs.converged)]


def influences(point: gp.PointFit, x) -> np.ndarray:
    """∂μ / ∂w, (K, D, N): by how much each mean moves for a little more weight on a row."""
    with jax.enable_x64(True):

        def means(weights):
            # From the mode a few dozen steps tell how it moves; a loop of fixed length has a derivative in reverse.
            return gp.em(point.mixture, x, point.parameters, weights=weights, steps=40, tolerance=None).parameters.means

        return np.asarray(jax.jit(jax.jacrev(means))(jnp.ones(len(x))))


if __name__ == "__main__":
    x = gp.datasets.load("faithful").values
    point = gp.fit(gp.Mixture(components=2), x)
    print("standard errors of the means\n  bootstrap", bootstrap(point, x).std(axis=0).round(4).tolist())
    print("  jackknife", np.sqrt((influences(point, x) ** 2).sum(axis=-1)).round(4).tolist())
    print("  sandwich ", gp.standard_errors(point, x, kind="sandwich").errors["means"].round(4).tolist())

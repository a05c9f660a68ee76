"""The posterior's density handed to BlackJAX: window adaptation and NUTS on `gp.posterior(...).log_density`.

    log p(u | x) = Σ_i log P(x_i | θ(u)) + log p(θ(u)) + log |∂θ / ∂u|

in unconstrained coordinates u, whose gradient is one pass of EM over the rows. The same function suits any sampler in JAX.
JAX computes in float32 unless it is told otherwise: `jax.enable_x64`, or `jax.config.update("jax_enable_x64", True)`.
"""

import blackjax
import jax
import jax.numpy as jnp
import numpy as np

import gmm_ppl as gp


def draws(
    mixture: gp.Mixture, x, *, chains: int = 2, warmup: int = 500, number: int = 1000, seed: int = 0
) -> dict[str, np.ndarray]:
    """Posterior draws of weights, means and covariances, (chain, draw, …)."""
    with jax.enable_x64(True):
        target, point = gp.posterior(mixture, x), gp.fit(mixture, x)
        start = target.unconstrain(jax.tree.map(jnp.asarray, point.sites))

        def chain(key):
            for_start, for_warmup, for_draws = jax.random.split(key, 3)
            # Each coordinate a little off the mode: chains that begin at one point agree about everything.
            leaves, tree = jax.tree.flatten(start)
            keys = jax.random.split(for_start, len(leaves))
            begin = [leaf + 0.1 * jax.random.normal(each, leaf.shape) for leaf, each in zip(leaves, keys, strict=True)]
            adaptation = blackjax.window_adaptation(blackjax.nuts, target.log_density)
            (state, tuned), _ = adaptation.run(for_warmup, jax.tree.unflatten(tree, begin), num_steps=warmup)
            step = blackjax.nuts(target.log_density, **tuned).step

            def one(state, key):
                state = step(key, state)[0]
                return state, target.constrain(state.position)

            return jax.lax.scan(one, state, jax.random.split(for_draws, number))[1]

        found = jax.jit(jax.vmap(chain))(jax.random.split(jax.random.key(seed), chains))
        return {name: np.asarray(each) for name, each in found.items()}


if __name__ == "__main__":
    x = gp.datasets.load("faithful")
    found = draws(gp.Mixture(components=2), x)
    print("means by BlackJAX\n", found["means"].mean(axis=(0, 1)))
    print("means by gp.sample\n", gp.sample(gp.Mixture(components=2), x).parameters.means.mean(axis=(0, 1)))

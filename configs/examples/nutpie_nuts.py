"""The posterior's density handed to nutpie, as a Python function from a flat vector to the density and its gradient.

    u ↦ (log p(u | x), ∂ log p(u | x) / ∂u)      in unconstrained coordinates u, in nats

nutpie calls it from threads of its own, where JAX is in float32 again: the function itself asks for double precision.
Needs `pip install nutpie`.
"""

import jax
import jax.numpy as jnp
import numpy as np
import nutpie
from jax.flatten_util import ravel_pytree
from nutpie.compiled_pyfunc import from_pyfunc

import gmm_ppl as gp


def compiled(mixture: gp.Mixture, x):
    """What `nutpie.sample` takes."""
    with jax.enable_x64(True):
        target, point = gp.posterior(mixture, x), gp.fit(mixture, x)
        start, unravel = ravel_pytree(target.unconstrain(jax.tree.map(jnp.asarray, point.sites)))
        density = jax.jit(jax.value_and_grad(lambda flat: target.log_density(unravel(flat))))
        constrain = jax.jit(lambda flat: target.constrain(unravel(flat)))
        density(start), constrain(start)
    start = np.asarray(start)

    def value_and_gradient(flat):
        with jax.enable_x64(True):
            value, gradient = density(flat)
            return float(value), np.asarray(gradient)

    def expand(flat):
        with jax.enable_x64(True):
            sites = constrain(flat)
            # nutpie takes them in the order of `expanded_names`; JAX sorts them by name.
            return {name: np.asarray(sites[name]) for name in point.sites}

    def begin(seed):
        return start + np.random.default_rng(seed).normal(scale=0.1, size=start.shape)

    return from_pyfunc(
        ndim=start.size,
        make_logp_fn=lambda: value_and_gradient,
        make_expand_fn=lambda *seeds: expand,
        make_initial_point_fn=begin,
        expanded_names=list(point.sites),
        expanded_shapes=[each.shape for each in point.sites.values()],
        expanded_dtypes=[np.dtype("float64")] * len(point.sites),
    )


def draws(mixture: gp.Mixture, x, *, chains: int = 2, warmup: int = 400, number: int = 1000, seed: int = 0):
    """Posterior draws as nutpie's tree, which ArviZ reads."""
    model = compiled(mixture, x)
    return nutpie.sample(model, draws=number, tune=warmup, chains=chains, cores=2, seed=seed, progress_bar=False)


if __name__ == "__main__":
    x = gp.datasets.load("faithful")
    print("means by nutpie\n", draws(gp.Mixture(components=2), x)["posterior"]["means"].mean(("chain", "draw")).values)
    print("means by gp.sample\n", gp.sample(gp.Mixture(components=2), x).parameters.means.mean(axis=(0, 1)))

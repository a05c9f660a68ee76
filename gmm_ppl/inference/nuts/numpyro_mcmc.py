"""`mcmc`: NumPyro's own MCMC, started at and preconditioned by the mode above an EM point, for those who embed or extend it."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from numpyro.infer import MCMC, NUTS
from numpyro.util import is_prng_key

from gmm_ppl.inference.arguments import check_between, check_count
from gmm_ppl.inference.base import PointFit
from gmm_ppl.inference.beginning import begun
from gmm_ppl.inference.mode.climb import mode_from
from gmm_ppl.inference.mode.curvature import move
from gmm_ppl.model.posterior import posterior
from gmm_ppl.model.specification import Mixture
from gmm_ppl.priors.base import Sites
from gmm_ppl.progress import Progress
from gmm_ppl.types import Array, Float, in_float64, to_numpy

SPREAD = 2.0
"""Standard deviations of starts, in posterior ones, as `sample` has them."""


class StartedNUTS(NUTS):
    """NumPyro's NUTS that knows where to begin: at positions dispersed about the mode, unless it is given others."""

    def __init__(self, mode: Sites, scale: Float[np.ndarray, "P P"], **settings: Any) -> None:
        """`mode`, unconstrained, and W with W Wᵀ the inverse of the curvature there."""
        super().__init__(**settings)
        self.mode, self.scale = mode, scale

    def init(
        self, rng_key: Array, num_warmup: int, init_params: Any = None, model_args: Any = (), model_kwargs: Any = None
    ) -> Any:
        """NumPyro's own, with starting positions filled in."""
        if init_params is None:
            init_params = self.start(rng_key) if is_prng_key(rng_key) else jax.vmap(self.start)(rng_key)
        return super().init(rng_key, num_warmup, init_params, model_args, model_kwargs or {})

    def start(self, key: Array) -> Sites:
        """A position twice as dispersed as the normal approximation at the mode."""
        flat, unravel = ravel_pytree(jax.tree.map(jnp.asarray, self.mode))
        scale = jnp.asarray(self.scale, flat.dtype)
        return unravel(move(flat, scale, SPREAD * jax.random.normal(jax.random.fold_in(key, 1), flat.shape, flat.dtype)))


def mcmc(
    mixture: Mixture,
    data: object,
    *,
    start: PointFit | None = None,
    seed: int = 0,
    chains: int = 4,
    draws: int = 1000,
    warmup: int = 100,
    target_acceptance: float = 0.8,
    progress: Progress | None = None,
    **settings: Any,
) -> MCMC:
    """A `numpyro.infer.MCMC` on this posterior, ready for `run(key)`: its NUTS starts around the mode and has its metric.

    The density is `posterior(mixture, data).log_density`, whose gradient is one pass of EM. The metric is the inverse of the
    curvature at the mode and stays as it is; `warmup` adapts the step size. `get_samples` gives the sites of the prior's
    program, in the sampler's own labels. `sample` is many times as fast when called again, since NumPyro traces each run anew;
    this is for its hooks, `extra_fields`, other kernels and `post_warmup_state`.

    Args:
        mixture, data, start, seed, progress: as in `sample`; the seed is that of the EM fit where none is given.
        chains, draws, warmup, target_acceptance: NumPyro's `num_chains`, `num_samples`, `num_warmup`, `target_accept_prob`.
        settings: further arguments of `numpyro.infer.MCMC`; chains are vectorised unless `chain_method` says otherwise.

    Computes in the JAX precision in force: call `numpyro.enable_x64()` first for double.

    Raises:
        InputError: as `sample`.
        FitError: no mode was reached from the EM point.
    """
    for name, value in (("chains", chains), ("draws", draws)):
        check_count(name, value)
    check_count("warmup", warmup, low=0)
    check_between("target_acceptance", target_acceptance, 0, 1)
    resolved, mode, scale = mode_and_scale(mixture, data, start, seed, progress)
    target = posterior(resolved, data)
    kernel = StartedNUTS(
        mode,
        scale,
        potential_fn=lambda unconstrained: -target.log_density(unconstrained),
        inverse_mass_matrix=jnp.asarray(scale @ scale.T if scale.ndim == 2 else scale**2),
        dense_mass=scale.ndim == 2,
        adapt_mass_matrix=False,
        step_size=0.5,
        target_accept_prob=target_acceptance,
    )
    options = {"chain_method": "vectorized", "progress_bar": False, "postprocess_fn": target.constrain} | settings
    return MCMC(kernel, num_warmup=warmup, num_samples=draws, num_chains=chains, **options)


@in_float64
def mode_and_scale(
    mixture: Mixture, data: object, start: PointFit | None, seed: int, progress: Progress | None
) -> tuple[Mixture, Sites, np.ndarray]:
    """The mixture with its numbers, and in double precision the unconstrained mode with its W."""
    given, target, point = begun(mixture, data, start, seed=seed, progress=progress)
    mode, unconstrained = mode_from(target, point, "mcmc")
    return to_numpy((given.mixture, ravel_pytree(unconstrained)[1](mode.position), mode.curvature.scale))

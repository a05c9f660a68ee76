"""Draws from the normal law at the mode, drawn anew by importance."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jax.scipy.stats import norm

from gmm_ppl.calibration.beginning import begin
from gmm_ppl.calibration.engines.base import Drawn
from gmm_ppl.compiled import mapped
from gmm_ppl.inference.mode.curvature import move
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.types import Array

PROPOSALS = 2000
"""Draws from the normal law, among which the kept ones are chosen."""

TOGETHER = 64
"""Of them, evaluated side by side."""


def laplace(posterior: Posterior, key: Array, draws: int) -> Drawn:
    """Sampling–importance resampling (Rubin 1987, doi:10.2307/2289460) of 2000 draws from N(û, −H⁻¹) at the mode û."""
    for_start, for_draws, for_choice = jax.random.split(key, 3)
    mode, sites = begin(posterior, for_start)
    unravel = ravel_pytree(sites)[1]
    steps = jax.random.normal(for_draws, (PROPOSALS, mode.position.size))
    positions = jax.vmap(lambda each: move(mode.position, mode.curvature.scale, each))(steps)
    log_p = mapped(lambda each: posterior.log_density(unravel(each)), positions, together=TOGETHER)
    ratios = log_p - jnp.sum(norm.logpdf(steps), axis=1)
    finite = jnp.where(jnp.isfinite(ratios), ratios, -jnp.inf)
    chosen = jax.random.categorical(for_choice, finite, shape=(draws,))
    usable = mode.done & jnp.isfinite(mode.log_density) & jnp.isfinite(jnp.max(finite))
    weights = jax.nn.softmax(finite)
    return Drawn(jax.vmap(unravel)(positions[chosen]), usable, {"effective_proposals": 1 / jnp.sum(weights**2)})

"""What is tempered: the posterior with its likelihood raised to a power, in flat unconstrained coordinates."""

import equinox as eqx
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.base import Sites
from gmm_ppl.types import Array, Float

LANES = 128
"""Particles that are moved side by side."""

LOWEST = -1e100
"""Log-likelihood (nats) that stands for one that is not finite, so that 0 times it is 0."""


class Tempering(eqx.Module):
    """The law that is tempered, and the settings of a step; `alike` says whether components can be permuted."""

    posterior: Posterior
    target_ess: float
    moves: int = eqx.field(static=True)
    alike: bool = eqx.field(static=True)

    def unravel(self, position: Float[Array, " P"]) -> Sites:
        """Unconstrained sites of a flat position."""
        shapes = self.posterior.prior.real_shapes(self.posterior.shape)
        return ravel_pytree({name: jnp.zeros(size) for name, size in shapes.items()})[1](position)

    def densities(self, position: Float[Array, " P"]) -> tuple[Array, Array]:
        """Log prior density of a position, Jacobian included, and log-likelihood, in nats."""
        likelihood, prior = self.posterior.log_terms_of_coordinates(self.unravel(position))
        return prior, jnp.where(jnp.isfinite(likelihood), likelihood, LOWEST)

    def log_density(self, position: Float[Array, " P"], temperature: Array) -> Float[Array, ""]:
        """Log p(u) + β log p(x | u)."""
        prior, likelihood = self.densities(position)
        return prior + temperature * likelihood

"""A posterior as samplers and Newton steps see it: a log density of flat coordinates, with a Hessian in one pass."""

from collections.abc import Callable

import equinox as eqx
import jax

from gmm_ppl.mixture.information import log_likelihood_hessian
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.sites import Sites, log_jacobian, log_prior
from gmm_ppl.types import Array, Float


class PosteriorDensity(eqx.Module):
    """`posterior` at the sites that `unravel` makes of coordinates; nats, Jacobian included."""

    posterior: Posterior
    unravel: Callable[[Float[Array, " P"]], Sites]

    def __call__(self, position: Float[Array, " P"]) -> Float[Array, ""]:
        """Log density."""
        return self.posterior.log_density(self.unravel(position))

    def hessian(self, position: Float[Array, " P"]) -> Float[Array, "P P"]:
        """Its second derivatives: prior and Jacobian by columns, which no row enters, the log-likelihood in one pass."""
        by_columns = jax.jacfwd(jax.grad(self.without_rows))(position)
        return by_columns + log_likelihood_hessian(self.posterior.rows, self.parameters, position)

    def parameters(self, position: Float[Array, " P"]) -> MixtureParameters:
        """The mixture's parameters."""
        return self.posterior.parameters(self.posterior.constrain(self.unravel(position)))

    def without_rows(self, position: Float[Array, " P"]) -> Float[Array, ""]:
        """Log prior density in these coordinates."""
        posterior, unconstrained = self.posterior, self.unravel(position)
        value, _ = log_prior(posterior.prior, posterior.shape, posterior.constrain(unconstrained))
        return value + log_jacobian(posterior.prior, posterior.shape, unconstrained)

"""A posterior as samplers and Newton steps see it: a log density of flat coordinates, and its derivatives in one pass."""

from collections.abc import Callable

import equinox as eqx

from gmm_ppl.inference.mode.curvature import LARGEST_DENSE, by_columns
from gmm_ppl.mixture.information import expansion
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.base import Sites
from gmm_ppl.types import Array, Float


class PosteriorDensity(eqx.Module):
    """`posterior` at the sites that `unravel` makes of coordinates; nats, Jacobian included."""

    posterior: Posterior
    unravel: Callable[[Float[Array, " P"]], Sites]

    def __call__(self, position: Float[Array, " P"]) -> Float[Array, ""]:
        """Log density."""
        return self.posterior.log_density(self.unravel(position))

    def expansion(self, position: Float[Array, " P"]) -> tuple[Float[Array, ""], Float[Array, " P"], Array]:
        """Value, gradient and Hessian from one E-step, by the identities of Fisher and Louis; as `curvature.Expansion`.

        What rows say enters through their statistics, as does the gradient; prior and Jacobian are derived by columns.
        """
        if position.size > LARGEST_DENSE:
            return by_columns(self)(position)
        found = expansion(self.posterior.rows, self.prior_and_parameters, position)
        return found.value, found.gradient, found.hessian

    def prior_and_parameters(self, position: Float[Array, " P"]) -> tuple[Float[Array, ""], MixtureParameters]:
        """Log prior density in these coordinates, and the mixture's parameters."""
        return self.posterior.prior.log_density_of_real(self.posterior.shape, self.unravel(position))

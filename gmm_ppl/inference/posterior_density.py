"""A posterior as samplers and Newton steps see it: a log density of flat coordinates, and its derivatives in one pass."""

from collections.abc import Callable

import equinox as eqx
import jax

from gmm_ppl.inference.curvature import LARGEST_DENSE, by_columns
from gmm_ppl.mixture.density import expected_log_likelihood
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.scores import scores
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
        rows = scores(self.posterior.rows, self.parameters, position)

        def without_rows(each: Float[Array, " P"]) -> tuple[Array, Array]:
            said, parameters = self.prior_and_parameters(each)
            return said + expected_log_likelihood(rows.statistics, parameters), said

        def gradient(each: Float[Array, " P"]) -> tuple[Array, tuple[Array, Array]]:
            (_, said), slope = jax.value_and_grad(without_rows, has_aux=True)(each)
            return slope, (said, slope)

        hessian, (said, slope) = jax.jacfwd(gradient, has_aux=True)(position)
        return rows.log_likelihood + said, slope, hessian + rows.left_open

    def parameters(self, position: Float[Array, " P"]) -> MixtureParameters:
        """The mixture's parameters."""
        return self.prior_and_parameters(position)[1]

    def prior_and_parameters(self, position: Float[Array, " P"]) -> tuple[Float[Array, ""], MixtureParameters]:
        """Log prior density in these coordinates, and the mixture's parameters."""
        return self.posterior.prior.log_density_of_real(self.posterior.shape, self.unravel(position))

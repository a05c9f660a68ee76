"""Expectation–maximisation (Dempster, Laird & Rubin 1977, doi:10.1111/j.2517-6161.1977.tb01600.x) for any prior."""

import equinox as eqx
import jax
import jax.numpy as jnp

from gmm_ppl.inference.loop import AbstractIteration
from gmm_ppl.inference.m_step import AbstractMStep, m_step
from gmm_ppl.mixture.data_pass import expected_statistics, rounding_loss
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.statistics import Statistics, no_statistics
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.sites import Sites, log_prior
from gmm_ppl.types import Array, Bool, Float

THINNEST = 1e-14
"""Variance of a component, as a fraction of the data's, below which its covariance is singular in double precision."""


class EMPoint(eqx.Module):
    """Parameters with everything that one pass over the data says of them; all fields belong together.

    Before that pass `log_likelihood` is −∞ and there are no statistics.
    """

    sites: Sites
    parameters: MixtureParameters
    statistics: Statistics
    log_likelihood: Float[Array, ""]
    log_prior: Float[Array, ""]


class EM(AbstractIteration[EMPoint]):
    """One step: M from the last statistics, then one pass over the data, E, at the new parameters.

    The objective therefore belongs to the parameters beside it, unlike scikit-learn's `lower_bound_`, which lags by a step.
    """

    posterior: Posterior
    m_step: AbstractMStep
    deviations: Float[Array, " D"]

    def step(self, point: EMPoint) -> EMPoint:
        proposal = self.m_step.maximise(point.statistics, point.sites)
        first = jnp.isneginf(point.log_likelihood)
        return self.evaluate(jax.tree.map(lambda old, new: jnp.where(first, old, new), point.sites, proposal))

    def objective(self, point: EMPoint) -> Float[Array, ""]:
        return point.log_likelihood + point.log_prior

    def rounding(self, point: EMPoint) -> Float[Array, ""]:
        # Distances are known to ε times the condition of a covariance, and to what the pass itself may lose.
        thinnest = jnp.min(thinnest_variance(point.parameters, self.deviations))
        loss = jnp.finfo(float).eps / thinnest + rounding_loss(self.posterior.rows, point.parameters)
        return 4500 * self.digits() * (jnp.abs(self.objective(point)) + self.rows()) + loss * self.rows()

    def rows(self) -> Float[Array, ""]:
        return jnp.sum(self.posterior.rows.weights, dtype=float)

    def digits(self) -> float:
        return float(jnp.finfo(self.posterior.rows.columns.dtype).eps)

    def work(self) -> int:
        return self.posterior.rows.columns.shape[-1] * self.posterior.shape.components

    def collapsed(self, point: EMPoint) -> Bool[Array, ""]:
        # Written so that NaN, which JAX's Cholesky returns without a word, counts as collapsed.
        return ~jnp.all(thinnest_variance(point.parameters, self.deviations) > THINNEST)

    def start(self, parameters: MixtureParameters) -> EMPoint:
        """The first point, at (conjugate priors) or near starting parameters, not yet evaluated."""
        sites = self.m_step.first_sites(parameters, lambda: expected_statistics(self.posterior.rows, parameters)[1])
        none = jnp.zeros((), parameters.means.dtype)
        statistics = no_statistics(parameters.means, matrix=parameters.covariance.matrix)
        return EMPoint(sites, parameters, statistics, none - jnp.inf, none)

    def evaluate(self, sites: Sites) -> EMPoint:
        """The E-step and both densities at `sites`."""
        value, parameters = log_prior(self.posterior.prior, self.posterior.shape, sites)
        likelihood, statistics = expected_statistics(self.posterior.rows, parameters)
        return EMPoint(sites, parameters, statistics, likelihood, value)


def em(posterior: Posterior, deviations: Float[Array, " D"]) -> EM:
    """EM for a posterior; `deviations` of the data's features say how thin a component may get."""
    return EM(posterior, m_step(posterior.prior, posterior.shape), deviations)


def thinnest_variance(parameters: MixtureParameters, deviations: Float[Array, " D"]) -> Float[Array, "..."]:
    """Smallest variance of each covariance value in any direction, in units of the data's own deviations."""
    values = parameters.covariance.values
    if parameters.covariance.matrix:
        return jnp.linalg.eigvalsh(values / (deviations[:, None] * deviations))[..., 0]
    if values.ndim == 2:
        return values / deviations**2
    return values / jnp.max(deviations) ** 2

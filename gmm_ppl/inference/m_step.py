"""M-steps: closed form where the prior is conjugate, an inner climb over the statistics alone where it is not."""

from abc import abstractmethod
from collections.abc import Callable

import equinox as eqx
import jax
from jax.flatten_util import ravel_pytree

from gmm_ppl.inference.curvature import climb
from gmm_ppl.mixture.density import expected_log_likelihood
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.priors import AbstractConjugatePrior, AbstractPrior
from gmm_ppl.priors.sites import Sites, constrain, log_prior, median_sites, unconstrain


class AbstractMStep(eqx.Module):
    """Sites that raise expected log-likelihood + log prior."""

    @abstractmethod
    def first_sites(self, parameters: MixtureParameters, statistics: Callable[[], Statistics]) -> Sites:
        """Sites to start from, given starting parameters and what computes the statistics of the data at them."""

    @abstractmethod
    def maximise(self, statistics: Statistics, sites: Sites) -> Sites:
        """Sites no worse than `sites`; the best there are, up to the accuracy of the method."""


class ClosedForm(AbstractMStep):
    """The M-step of a conjugate prior."""

    prior: AbstractConjugatePrior
    shape: MixtureShape = eqx.field(static=True)

    def first_sites(self, parameters: MixtureParameters, statistics: Callable[[], Statistics]) -> Sites:
        return parameters.sites

    def maximise(self, statistics: Statistics, sites: Sites) -> Sites:
        return self.prior.maximise(statistics, self.shape).sites


class InnerClimb(AbstractMStep):
    """The M-step of any other prior: a climb in unconstrained coordinates of the density of sites (no Jacobian).

    The data enter through their statistics only, so a step costs the same for ten rows and ten million.
    """

    prior: AbstractPrior
    shape: MixtureShape = eqx.field(static=True)

    def first_sites(self, parameters: MixtureParameters, statistics: Callable[[], Statistics]) -> Sites:
        if set(self.prior.supports(self.shape)) == set(parameters.sites):
            return parameters.sites
        # A program's sites need not be the parameters: from the middle of the prior, climb to where the statistics pull.
        return self.maximise(statistics(), median_sites(self.prior, self.shape, jax.random.key(0)))

    def maximise(self, statistics: Statistics, sites: Sites) -> Sites:
        start, unravel = ravel_pytree(unconstrain(self.prior, self.shape, sites))

        def density(coordinates: jax.Array) -> jax.Array:
            proposed = constrain(self.prior, self.shape, unravel(coordinates))
            value, parameters = log_prior(self.prior, self.shape, proposed)
            return value + expected_log_likelihood(statistics, parameters)

        return constrain(self.prior, self.shape, unravel(climb(density, start)))


def m_step(prior: AbstractPrior, shape: MixtureShape) -> AbstractMStep:
    """The M-step that suits a prior."""
    return ClosedForm(prior, shape) if isinstance(prior, AbstractConjugatePrior) else InnerClimb(prior, shape)

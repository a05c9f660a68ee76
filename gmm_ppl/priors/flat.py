"""The flat prior: maximum likelihood as the limit of the conjugate prior, with an improper density."""

from typing import ClassVar

import jax.numpy as jnp
import numpyro
from numpyro import distributions as dist

from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.priors.base import AbstractConjugatePrior, Supports, direct_supports
from gmm_ppl.priors.conjugate import maximise, prior_and_data_count
from gmm_ppl.types import Array, Float


class FlatPrior(AbstractConjugatePrior):
    """log p = 0 for all weights, means and covariances, so that the mode of the posterior is maximum likelihood.

    The posterior of a mixture under it is improper, because a component without rows is free to be anywhere: engines
    that sample refuse it.
    """

    kind: ClassVar[str] = "flat"
    proper: ClassVar[bool] = False

    def sample_parameters(self, shape: MixtureShape) -> MixtureParameters:
        sites = {
            name: numpyro.sample(name, dist.ImproperUniform(support, (), size))
            for name, (size, support) in self.supports(shape).items()
        }
        return MixtureParameters(sites["weights"], sites["means"], shape.family(sites[shape.family.site]))

    def supports(self, shape: MixtureShape) -> Supports:
        return direct_supports(shape)

    def maximise(self, statistics: Statistics, shape: MixtureShape) -> MixtureParameters:
        return maximise_likelihood(statistics, shape, jnp.ones(shape.components))

    def bounded(self) -> bool:
        return True

    def numbers(self) -> dict[str, object]:
        return {}

    def formulae(self, shape: MixtureShape) -> tuple[str, ...]:
        return (rf"p(\pi, \mu, {shape.family.formula}) \propto 1 \quad \text{{(maximum likelihood)}}",)


def maximise_likelihood(statistics: Statistics, shape: MixtureShape, present: Float[Array, " K"]) -> MixtureParameters:
    """The M-step of maximum likelihood for the components whose `present` is 1, not 0."""
    # The degrees of freedom that leave nothing but the data's own count in the denominator.
    none = jnp.zeros(())
    cancelling = -prior_and_data_count(jnp.zeros(shape.components), none, shape, present)
    return maximise(statistics, shape, present, none, none, cancelling, none)

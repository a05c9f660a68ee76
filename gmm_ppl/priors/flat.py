"""The flat prior: maximum likelihood as the limit of the conjugate prior, with an improper density."""

from typing import ClassVar, Self

import numpy as np

from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.priors.base import AbstractConjugatePrior
from gmm_ppl.priors.kernel import ConjugateKernel
from gmm_ppl.types import Array, Float


class FlatPrior(AbstractConjugatePrior):
    """log p = 0 for all weights, means and covariances, so that the mode of the posterior is maximum likelihood.

    The posterior of a mixture under it is improper, because a component without rows is free to be anywhere: engines
    that sample refuse it.
    """

    kind: ClassVar[str] = "flat"
    proper: ClassVar[bool] = False

    def sample_parameters(self, shape: MixtureShape) -> MixtureParameters:
        from gmm_ppl.priors.programs import flat_program

        return flat_program(shape)

    def kernel(self, shape: MixtureShape) -> ConjugateKernel:
        zero = np.zeros(())
        return flat_kernel(shape, count=zero, scatter=zero)

    def bounded(self) -> bool:
        return True

    def with_mode(self) -> Self:
        return self

    def numbers(self) -> dict[str, object]:
        return {}

    def formulae(self, shape: MixtureShape) -> tuple[str, ...]:
        return (rf"p(\pi, \mu, {shape.family.formula}) \propto 1 \quad \text{{(maximum likelihood)}}",)

    def shifted(self, offset: Float[Array, " D"]) -> Self:
        return self


def flat_kernel(shape: MixtureShape, *, count: Array, scatter: Array) -> ConjugateKernel:
    """A kernel that says nothing of weights and means; each component has this count and, in every direction, this scatter."""
    moment, ones = shape.family.moment, np.ones(shape.components)
    each = moment.from_diagonal(np.ones((shape.components, shape.features)))
    means = np.zeros((shape.components, shape.features))
    return ConjugateKernel(ones, means, 0 * ones, count * ones, scatter * each, np.zeros(()), moment)

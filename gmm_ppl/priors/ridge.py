"""Maximum likelihood with a ridge: covariances are kept from being singular, and nothing else is said."""

from typing import ClassVar, Self

from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.namespace import namespace
from gmm_ppl.priors.base import AbstractConjugatePrior
from gmm_ppl.priors.flat import flat_kernel
from gmm_ppl.priors.kernel import ConjugateKernel
from gmm_ppl.priors.latex import show_number
from gmm_ppl.types import Array, Float

ROWS = 1e-10
"""Rows that a ridge counts for: none to speak of, but a component that lost its own keeps a finite covariance."""


class RidgePrior(AbstractConjugatePrior):
    """log p = −½ Σ_k (λ tr Σ_k⁻¹ + ε log |Σ_k|) for all weights and means, with ε = 10⁻¹⁰, and 0 where λ is.

    As if each component had scatter λ I more than its rows have, so that the M-step is (scatter + λ I) / count: no variance
    falls below λ / count, and the likelihood so penalised has a maximum. λ has units of rows × squared units of x; at 0 this is
    maximum likelihood. Improper, as the flat prior is.
    """

    ridge: Float[Array, ""]
    kind: ClassVar[str] = "ridge"
    proper: ClassVar[bool] = False

    def sample_parameters(self, shape: MixtureShape) -> MixtureParameters:
        from gmm_ppl.priors.programs import factor_program

        return factor_program(self, shape)

    def kernel(self, shape: MixtureShape) -> ConjugateKernel:
        return flat_kernel(shape, count=namespace(self.ridge).where(self.ridge > 0, ROWS, 0.0), scatter=self.ridge)

    def bounded(self) -> bool:
        return True

    def with_mode(self) -> Self:
        return self

    def numbers(self) -> dict[str, object]:
        return {"ridge": float(self.ridge)}

    def formulae(self, shape: MixtureShape) -> tuple[str, ...]:
        value = shape.family.formula
        return (
            rf"\log p(\pi, \mu, {value}) = -\tfrac12 \lambda \sum_k \operatorname{{tr}} \Sigma_k^{{-1}} + \text{{const}}, \quad "
            rf"\lambda = {show_number(float(self.ridge))}",
        )

    def shifted(self, offset: Float[Array, " D"]) -> Self:
        return self

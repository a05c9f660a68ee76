"""Maximum likelihood with a ridge: covariances are kept from being singular, and nothing else is said."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np
import numpyro

from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.priors.base import AbstractConjugatePrior, Supports, direct_supports
from gmm_ppl.priors.conjugate import maximise, prior_and_data_count
from gmm_ppl.priors.flat import FlatPrior
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
        parameters = FlatPrior().sample_parameters(shape)
        covariance = parameters.covariance
        traces = jnp.sum(covariance.trace_precision(self.scatter(shape)))
        determinants = jnp.sum(jnp.broadcast_to(covariance.log_determinant(shape.features), (shape.components,)))
        numpyro.factor("ridge", -(traces + self.rows * determinants) / 2)
        return parameters

    @property
    def rows(self) -> Float[Array, ""]:
        """ε, the rows that the ridge counts for."""
        return jnp.where(self.ridge > 0, ROWS, 0.0)

    def scatter(self, shape: MixtureShape) -> Array:
        """λ I for every component: matrices, or their diagonals for families of variances."""
        each = np.eye(shape.features) if shape.family.matrix else np.ones(shape.features)
        return self.ridge * jnp.asarray(np.broadcast_to(each, (shape.components, *each.shape)))

    def supports(self, shape: MixtureShape) -> Supports:
        return direct_supports(shape)

    def maximise(self, statistics: Statistics, shape: MixtureShape) -> MixtureParameters:
        present, none = jnp.ones(shape.components), jnp.zeros(())
        # The degrees of freedom that leave the data's own count in the denominator, and the ridge's.
        cancelling = -prior_and_data_count(-self.rows * present, none, shape, present)
        return maximise(statistics, shape, present, none, none, cancelling, shape.family.pool(self.scatter(shape)))

    def bounded(self) -> bool:
        return True

    def numbers(self) -> dict[str, object]:
        return {"ridge": float(self.ridge)}

    def formulae(self, shape: MixtureShape) -> tuple[str, ...]:
        value = shape.family.formula
        return (
            rf"\log p(\pi, \mu, {value}) = -\tfrac12 \lambda \sum_k \operatorname{{tr}} \Sigma_k^{{-1}} + \text{{const}}, \quad "
            rf"\lambda = {show_number(float(self.ridge))}",
        )

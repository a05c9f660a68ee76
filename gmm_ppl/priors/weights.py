"""The law of the mixture's weights."""

from typing import ClassVar

import jax.numpy as jnp
from jax.scipy.special import gammaln
from numpyro import distributions as dist
from numpyro.distributions import constraints
from numpyro.distributions.util import validate_sample

from gmm_ppl.types import Array


class WeightsLaw(dist.Distribution):
    """Dirichlet(α) with a density at the edge of the simplex too.

    log p(π) = log Γ(Σ_k α_k) − Σ_k log Γ(α_k) + Σ_k (α_k − 1) log π_k, where α_k = 1 leaves its term out. NumPyro's
    `Dirichlet` makes 0 · (−∞) = NaN of it where EM has emptied a component and its weight is 0. A component with α_k = 0 is
    absent (the limit in which its weight is 0): all its terms are left out.
    """

    arg_constraints: ClassVar[dict] = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]

    def __init__(self, concentration: Array, *, validate_args: bool | None = None) -> None:
        self.concentration = concentration
        super().__init__(jnp.shape(concentration)[:-1], jnp.shape(concentration)[-1:], validate_args=validate_args)

    def sample(self, key: Array, sample_shape: tuple[int, ...] = ()) -> Array:
        return dist.Dirichlet(self.concentration).sample(key, sample_shape)

    @validate_sample
    def log_prob(self, value: Array, intermediates: object = None) -> Array:
        """Log density at weights on the simplex, with respect to Lebesgue measure on all but the last of them."""
        present = jnp.where(self.concentration > 0, self.concentration, 1)
        power = present - 1
        terms = jnp.where(power == 0, 0, power * jnp.log(jnp.where(power == 0, 1, value)))
        constants = gammaln(jnp.sum(self.concentration, axis=-1)) - jnp.sum(gammaln(present), axis=-1)
        return constants + jnp.sum(terms, axis=-1)

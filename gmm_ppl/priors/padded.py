"""A prior for fewer components than a program has room for, so that one compiled program serves every number of them."""

from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from numpyro import distributions as dist
from numpyro.primitives import Messenger

from gmm_ppl.mixture.covariance import AbstractCovariance
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.scale import DataScale
from gmm_ppl.mixture.statistics import Statistics, expand
from gmm_ppl.priors.base import AbstractConjugatePrior, Supports
from gmm_ppl.priors.conjugate import ConjugatePrior
from gmm_ppl.priors.flat import FlatPrior, maximise_likelihood
from gmm_ppl.types import Array, Float


class PaddedPrior(AbstractConjugatePrior):
    """The law of the first components (`present` 1), the others (0) being absent: weight 0, and no part in the density.

    `inner` has a concentration of 0 for absent components. Their means and covariances stay at the data's own centre and
    variances, `mean` and `variances`, which keeps every matrix regular; nothing depends on them.
    """

    inner: ConjugatePrior | FlatPrior
    present: Float[Array, " K"]
    mean: Float[Array, " D"]
    variances: Float[Array, " D"]
    kind: ClassVar[str] = "padded"
    proper: ClassVar[bool] = False

    def sample_parameters(self, shape: MixtureShape) -> MixtureParameters:
        with OfPresent(self.present):
            return self.inner.sample_parameters(shape)

    def supports(self, shape: MixtureShape) -> Supports:
        return self.inner.supports(shape)

    def maximise(self, statistics: Statistics, shape: MixtureShape) -> MixtureParameters:
        if isinstance(self.inner, FlatPrior):
            return self.filled(maximise_likelihood(statistics, shape, self.present))
        return self.filled(self.inner.maximise(statistics, shape))

    def filled(self, found: MixtureParameters) -> MixtureParameters:
        """The same mixture, absent components having weight 0 and constant means and covariances."""
        shown = self.present > 0
        means = jnp.where(shown[:, None], found.means, self.mean)
        weights, covariance = jnp.where(shown, found.weights, 0), found.covariance
        if "component" not in covariance.dims:
            return MixtureParameters(weights, means, covariance)
        # Chosen, not multiplied by 0: what an M-step makes of a component without rows may be NaN.
        values = jnp.where(expand(shown, covariance.values.ndim), covariance.values, self.constant_values(covariance))
        return MixtureParameters(weights, means, type(covariance)(values))

    def constant_values(self, covariance: AbstractCovariance) -> Array:
        """One component's covariance with the data's variances, in the shape of the family."""
        if covariance.matrix:
            return jnp.diag(self.variances)
        return self.variances if covariance.values.ndim == 2 else jnp.mean(self.variances)

    def bounded(self) -> bool:
        return self.inner.bounded()

    def numbers(self) -> dict[str, object]:
        return self.inner.numbers()

    def formulae(self, shape: MixtureShape) -> tuple[str, ...]:
        return self.inner.formulae(shape)


class OfPresent(Messenger):
    """An effect handler of NumPyro: laws that are one for each component count for the present ones only."""

    def __init__(self, present: Float[Array, " K"]) -> None:
        self.present = present
        super().__init__()

    def process_message(self, msg: dict[str, Any]) -> None:
        law = msg.get("fn")
        if msg["type"] != "sample" or not isinstance(law, dist.Independent):
            return
        if msg["infer"].get("event_dims", [])[:1] == ["component"]:
            inner = law.base_dist
            mask = jnp.broadcast_to(expand(self.present > 0, len(inner.batch_shape)), inner.batch_shape)
            msg["fn"] = dist.Independent(inner.mask(mask), law.reinterpreted_batch_ndims)


def padded_prior(prior: AbstractConjugatePrior, components: int, room: int, data: DataScale) -> PaddedPrior:
    """A resolved conjugate or flat prior of `components` components with room for more."""
    missing = room - components
    present = np.repeat([1.0, 0.0], [components, missing])
    constants = (np.asarray(data.centre), np.asarray(data.deviations) ** 2)
    if not isinstance(prior, ConjugatePrior):
        return PaddedPrior(FlatPrior(), present, *constants)
    concentration = np.pad(np.asarray(prior.concentration, dtype=float), (0, missing))
    numbers = (concentration, prior.mean, prior.mean_precision, prior.degrees_of_freedom, prior.scale)
    return PaddedPrior(ConjugatePrior(*numbers), present, *constants)

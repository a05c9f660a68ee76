"""A prior for fewer components than a program has room for, so that one compiled program serves every number of them."""

from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from numpyro import distributions as dist
from numpyro.primitives import Messenger

from gmm_ppl.mixture.covariance import AbstractCovariance
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.statistics import Statistics, expand
from gmm_ppl.priors.base import AbstractConjugatePrior, Supports
from gmm_ppl.priors.conjugate import ConjugatePrior
from gmm_ppl.priors.flat import FlatPrior, maximise_likelihood
from gmm_ppl.types import Array, Float


class PaddedPrior(AbstractConjugatePrior):
    """The law of the first components (`present` 1), the others (0) being absent: weight 0, and no part in the density.

    `inner` has a concentration of 0 for absent components. Their means and covariances are those of the whole mixture, which
    keeps every matrix regular; nothing depends on them.
    """

    inner: ConjugatePrior | FlatPrior
    present: Float[Array, " K"]
    kind: ClassVar[str] = "padded"
    proper: ClassVar[bool] = False

    def sample_parameters(self, shape: MixtureShape) -> MixtureParameters:
        with OfPresent(self.present):
            return self.inner.sample_parameters(shape)

    def supports(self, shape: MixtureShape) -> Supports:
        return self.inner.supports(shape)

    def maximise(self, statistics: Statistics, shape: MixtureShape) -> MixtureParameters:
        if isinstance(self.inner, FlatPrior):
            return absent_filled(maximise_likelihood(statistics, shape, self.present), self.present)
        return absent_filled(self.inner.maximise(statistics, shape), self.present)

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


def absent_filled(parameters: MixtureParameters, present: Float[Array, " K"]) -> MixtureParameters:
    """The same mixture, absent components having the mean and the average covariance of the present ones."""
    # Not by multiplying with 0: what an M-step makes of a component without rows may be NaN.
    weights = jnp.where(present > 0, parameters.weights, 0)

    def filled(values: Array) -> Array:
        shown = expand(present > 0, values.ndim)
        average = jnp.sum(jnp.where(shown, values, 0) * expand(weights, values.ndim), axis=0)
        return jnp.where(shown, values, average)

    return MixtureParameters(weights, filled(parameters.means), by_component(parameters.covariance, filled))


def by_component(covariance: AbstractCovariance, function: Any) -> AbstractCovariance:
    """`function` of the values, if there are some for each component."""
    return type(covariance)(function(covariance.values)) if "component" in covariance.dims else covariance


def padded_prior(prior: AbstractConjugatePrior, components: int, room: int) -> PaddedPrior:
    """A resolved prior of `components` components with room for more."""
    present = np.repeat([1.0, 0.0], [components, room - components])
    if isinstance(prior, ConjugatePrior):
        missing = room - components
        numbers = (np.pad(np.asarray(prior.concentration, dtype=float), (0, missing)), prior.mean, prior.mean_precision)
        return PaddedPrior(ConjugatePrior(*numbers, prior.degrees_of_freedom, prior.scale), present)
    return PaddedPrior(FlatPrior(), present)

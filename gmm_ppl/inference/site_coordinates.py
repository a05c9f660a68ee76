"""Flat coordinates of a prior's sites, for methods that follow straight lines."""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from gmm_ppl.mixture.coordinates import from_coordinates, to_coordinates
from gmm_ppl.mixture.covariance.matrices import AbstractMatrixCovariance
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.priors import AbstractPrior
from gmm_ppl.priors.base import direct_supports
from gmm_ppl.priors.sites import Sites, constrain, log_prior, log_prior_with_roots, unconstrain, unconstrained_shapes
from gmm_ppl.types import Array, Float


class AbstractCoordinates(eqx.Module):
    """Flat coordinates of sites, in which every point is allowed."""

    @abstractmethod
    def flat(self, sites: Sites) -> Float[Array, " P"]:
        """Coordinates of sites."""

    @abstractmethod
    def sites(self, flat: Float[Array, " P"]) -> Sites:
        """Sites at coordinates."""

    @abstractmethod
    def log_prior(self, prior: AbstractPrior, flat: Float[Array, " P"]) -> tuple[Float[Array, ""], MixtureParameters]:
        """Log density (nats) of the prior on its sites at coordinates, and the parameters there."""


class ParameterCoordinates(AbstractCoordinates):
    """Of weights, means and covariances that are sites themselves: symmetric in the components, cheap to compile."""

    deviations: Float[Array, " D"]
    shape: MixtureShape = eqx.field(static=True)

    def flat(self, sites: Sites) -> Float[Array, " P"]:
        family = self.shape.family
        parameters = MixtureParameters(sites["weights"], sites["means"], family(sites[family.site]))
        return to_coordinates(parameters, self.deviations)

    def sites(self, flat: Float[Array, " P"]) -> Sites:
        return from_coordinates(flat, self.shape, self.deviations).sites

    def log_prior(self, prior: AbstractPrior, flat: Float[Array, " P"]) -> tuple[Float[Array, ""], MixtureParameters]:
        parameters = from_coordinates(flat, self.shape, self.deviations)
        covariance = parameters.covariance
        roots = [(covariance.values, covariance.inverse_root)] if isinstance(covariance, AbstractMatrixCovariance) else []
        return log_prior_with_roots(prior, self.shape, parameters.sites, roots)


class ProgramCoordinates(AbstractCoordinates):
    """Of any other sites: NumPyro's bijections."""

    prior: AbstractPrior
    shape: MixtureShape = eqx.field(static=True)

    def flat(self, sites: Sites) -> Float[Array, " P"]:
        return ravel_pytree(unconstrain(self.prior, self.shape, sites))[0]

    def sites(self, flat: Float[Array, " P"]) -> Sites:
        empty = {name: jnp.zeros(size) for name, size in unconstrained_shapes(self.prior, self.shape).items()}
        return constrain(self.prior, self.shape, ravel_pytree(empty)[1](flat))

    def log_prior(self, prior: AbstractPrior, flat: Float[Array, " P"]) -> tuple[Float[Array, ""], MixtureParameters]:
        return log_prior(prior, self.shape, self.sites(flat))


def site_coordinates(prior: AbstractPrior, shape: MixtureShape, deviations: Float[Array, " D"]) -> AbstractCoordinates:
    """The coordinates that suit a prior."""
    if prior.supports(shape) == direct_supports(shape):
        return ParameterCoordinates(deviations, shape)
    return ProgramCoordinates(prior, shape)

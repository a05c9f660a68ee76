"""Moves of many rows at once, between transitions of NUTS, where the prior is conjugate.

A gradient leads nowhere where a component has to let go of all its rows first. From θ, assignments z ~ p(z | θ, x) are drawn;
others are proposed from the memberships at EM's optima, whatever the labels, and accepted by Metropolis and Hastings with
parameters integrated out; then θ ~ p(θ | z, x). Each step leaves the posterior as it is.
"""

from itertools import permutations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jax.scipy.special import logsumexp

from gmm_ppl.inference.mode.coordinates import Coordinates
from gmm_ppl.mixture.density import component_log_densities
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.residuals import statistics_of_memberships
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.base import AbstractConjugatePrior
from gmm_ppl.priors.kernel import ConjugateKernel
from gmm_ppl.priors.laws import InverseWishartLaw, WeightsLaw, inverse_gamma
from gmm_ppl.priors.normalisers import log_normaliser
from gmm_ppl.types import Array, Float

SHARE = 0.5
"""Share of transitions that such a move comes before."""

POWERS = (1.0, 0.8, 0.6)
"""Of the memberships that proposals are made from: theirs have to be the wider tails."""

FLOOR = 1e-6
"""The least probability with which a row is proposed anywhere."""

MOST_COMPONENTS = 6
"""Above it proposals would have too many labellings to sum over, 720."""


class Reassignment(eqx.Module):
    """What such a move needs: the posterior, its prior's kernel, its coordinates with the inverse of their scale, and log
    memberships (G, N, K) that proposals are made from.
    """

    posterior: Posterior
    kernel: ConjugateKernel
    coordinates: Coordinates
    inverse: Array
    guides: Float[Array, "G N K"]

    def moved(self, position: Float[Array, " P"], key: Array) -> Float[Array, " P"]:
        """The whitened position after a move."""
        posterior = self.posterior
        for_rows, for_jump, for_parameters = jax.random.split(key, 3)
        at = posterior.parameters(posterior.constrain(self.coordinates.unconstrained(position)))
        joint = component_log_densities(posterior.x, at)
        given = self.jumped(drawn_memberships(for_rows, joint), for_jump)
        parameters = drawn_parameters(for_parameters, given, at)
        away = ravel_pytree(posterior.unconstrain(parameters.sites))[0] - ravel_pytree(self.coordinates.centre)[0]
        return self.inverse @ away if self.inverse.ndim == 2 else self.inverse * away

    def given(self, memberships: Float[Array, "N K"]) -> ConjugateKernel:
        """The law of parameters given who belongs where."""
        return self.kernel.given(statistics_of_memberships(self.posterior.rows, memberships, self.kernel.moment))

    def jumped(self, memberships: Float[Array, "N K"], key: Array) -> ConjugateKernel:
        """The law of parameters given memberships proposed from a guide where those are accepted, else given the same.

        A law's normaliser is −log p(x, z), parameters integrated out, but for a constant.
        """
        for_guide, for_order, for_rows, for_choice = jax.random.split(key, 4)
        guide = self.guides[jax.random.randint(for_guide, (), 0, len(self.guides))]
        proposed = drawn_memberships(for_rows, jax.random.permutation(for_order, guide, axis=1))
        here, there = self.given(memberships), self.given(proposed)
        gain = log_normaliser(here, self.posterior.shape) - log_normaliser(there, self.posterior.shape)
        gain += log_proposal(self.guides, memberships) - log_proposal(self.guides, proposed)
        accepted = jnp.log(jax.random.uniform(for_choice)) < gain
        return jax.tree.map(lambda new, old: jnp.where(accepted, new, old), there, here)


def reassignment(posterior: Posterior, coordinates: Coordinates, optima: tuple[MixtureParameters, ...]) -> Reassignment | None:
    """What moves of many rows need; None where parameters given assignments have no closed law, where rows are many, and where
    there is one optimum: the moves take some seconds to compile.
    """
    shape, prior = posterior.shape, posterior.prior
    if not isinstance(prior, AbstractConjugatePrior) or not prior.proper or len(shape.family.parts) > 1:
        return None
    if not posterior.short or len(optima) < 2 or shape.components > MOST_COMPONENTS:
        return None
    scale = coordinates.scale
    inverse = jnp.linalg.inv(scale) if scale.ndim == 2 else 1 / scale
    return Reassignment(posterior, prior.kernel(shape), coordinates, inverse, guiding(posterior, optima))


def guiding(posterior: Posterior, optima: tuple[MixtureParameters, ...]) -> Float[Array, "G N K"]:
    """Log memberships at the optima, raised to each of the powers."""
    joint = jnp.stack([component_log_densities(posterior.x, each) for each in optima])
    powered = jnp.concatenate([power * jax.nn.log_softmax(joint, axis=-1) for power in POWERS])
    shares = jax.nn.softmax(powered, axis=-1)
    return jnp.log((shares + FLOOR) / (1 + FLOOR * shares.shape[-1]))


def drawn_memberships(key: Array, logits: Float[Array, "N K"]) -> Float[Array, "N K"]:
    """One component a row, as zeros and a one."""
    return jax.nn.one_hot(jax.random.categorical(key, logits), logits.shape[-1], dtype=logits.dtype)


def log_proposal(guides: Float[Array, "G N K"], memberships: Float[Array, "N K"]) -> Float[Array, ""]:
    """Log of the mean over guides g and labellings σ of Π_i r_g,i,σ(z_i)."""
    components = memberships.shape[-1]
    # Rows of component k that a guide has in its component j.
    together = jnp.einsum("nk,gnj->gkj", memberships, guides)
    orders = np.array(list(permutations(range(components))))
    each = together[:, np.arange(components), orders].sum(axis=-1)
    return logsumexp(each) - np.log(each.size)


def drawn_parameters(key: Array, kernel: ConjugateKernel, like: MixtureParameters) -> MixtureParameters:
    """Weights, covariances and means from their law given assignments."""
    family = type(like.covariance)
    for_weights, for_covariance, for_means = jax.random.split(key, 3)
    weights = WeightsLaw(kernel.concentration).sample(for_weights)
    # The law of the means takes one count of each component.
    count, scatter = family.pooled(kernel.count - 1, kernel.scatter)
    degrees = count - kernel.moment.measure(like.means.shape[-1])
    (part,) = family.parts
    law = (
        InverseWishartLaw(degrees, scatter)
        if part.support.axes
        else inverse_gamma(jnp.broadcast_to(degrees, scatter.shape), scatter)
    )
    covariance = family.from_sites({part.name: law.sample(for_covariance)})
    noise = jax.random.normal(for_means, like.means.shape, like.means.dtype)
    means = kernel.mean + covariance.colour(noise) / jnp.sqrt(kernel.mean_precision)[:, None]
    return MixtureParameters(weights, means, covariance)

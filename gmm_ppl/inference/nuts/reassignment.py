"""Moves of many rows at once, between transitions of NUTS, where the prior is conjugate.

A gradient leads nowhere where a component has to let go of all its rows first. A few times over, from θ, assignments
z ~ p(z | θ, x) are drawn; others are proposed from the memberships at EM's optima, whatever the labels, and accepted by
Metropolis and Hastings with parameters integrated out; then θ ~ p(θ | z, x). Each step leaves the posterior as it is.
"""

from functools import cache
from itertools import permutations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jax.scipy.special import logsumexp

from gmm_ppl.inference.mode.coordinates import Coordinates
from gmm_ppl.inference.nuts.conjugate_draws import Noise, drawn_parameters
from gmm_ppl.mixture.density import component_log_densities
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.residuals import statistics_of_memberships
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.base import AbstractConjugatePrior
from gmm_ppl.priors.kernel import ConjugateKernel
from gmm_ppl.priors.normalisers import log_normaliser
from gmm_ppl.types import Array, Float

ROWS_MOVED = 1000
"""Rows moved before each transition, each counted as often as it is."""

MOVES = (4, 20)
"""Moves before each transition, at least and at most."""

POWERS = (1.0, 0.8, 0.6)
"""Of the memberships that proposals are made from: theirs have to be the wider tails."""

FLOOR = 1e-6
"""The least probability with which a row is proposed anywhere."""

GUIDES = 8
"""Optima whose memberships are proposed, some twice where there are fewer: so that programs fit any number of them."""

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
        """The whitened position after a few moves."""
        posterior = self.posterior
        begun = posterior.parameters(posterior.constrain(self.coordinates.unconstrained(position)))
        # Made of its parts alone, as a move makes it.
        covariance = posterior.shape.family.from_sites(begun.sites)
        at = MixtureParameters(begun.weights, begun.means, covariance)
        count = int(np.clip(ROWS_MOVED // len(posterior.x), *MOVES))
        at = jax.lax.fori_loop(0, count, lambda turn, each: self.move(each, jax.random.fold_in(key, turn)), at)
        away = ravel_pytree(posterior.unconstrain(at.sites))[0] - ravel_pytree(self.coordinates.centre)[0]
        return self.inverse @ away if self.inverse.ndim == 2 else self.inverse * away

    def move(self, at: MixtureParameters, key: Array) -> MixtureParameters:
        """Other assignments, and parameters that they leave open.

        A law's normaliser is −log p(x, z), parameters integrated out, but for a constant.
        """
        posterior = self.posterior
        noise = Noise(key, at, uniforms=2 * len(posterior.x) + 3)
        rows, (for_guide, for_order, for_choice) = noise.uniform(2, len(posterior.x)), noise.uniform(3)
        guide = picked(self.guides, for_guide)[:, picked(jnp.asarray(orders(posterior.shape.components)), for_order)]
        memberships = drawn_memberships(rows, jnp.stack([component_log_densities(posterior.x, at), guide]))
        laws = jax.vmap(self.given)(memberships)
        value = -log_normaliser(laws, posterior.shape) - jax.vmap(lambda each: log_proposal(self.guides, each))(memberships)
        accepted = jnp.log(for_choice) < value[1] - value[0]
        return drawn_parameters(noise, jax.tree.map(lambda each: jnp.where(accepted, each[1], each[0]), laws), at)

    def given(self, memberships: Float[Array, "N K"]) -> ConjugateKernel:
        """The law of parameters given who belongs where."""
        return self.kernel.given(statistics_of_memberships(self.posterior.rows, memberships, self.kernel.moment))


def reassignment(posterior: Posterior, coordinates: Coordinates, optima: tuple[MixtureParameters, ...]) -> Reassignment | None:
    """What moves of many rows need; None where parameters given assignments have no closed law, and where rows are many."""
    shape, prior = posterior.shape, posterior.prior
    if not isinstance(prior, AbstractConjugatePrior) or not prior.proper or len(shape.family.parts) > 1:
        return None
    if not posterior.short or shape.components > MOST_COMPONENTS:
        return None
    scale = coordinates.scale
    inverse = jnp.linalg.inv(scale) if scale.ndim == 2 else 1 / scale
    return Reassignment(posterior, prior.kernel(shape), coordinates, inverse, guiding(posterior, optima))


def guiding(posterior: Posterior, optima: tuple[MixtureParameters, ...]) -> Float[Array, "G N K"]:
    """Log memberships at the optima, raised to each of the powers."""
    each = [np.asarray(component_log_densities(posterior.x, optima[at % len(optima)])) for at in range(GUIDES)]
    joint = jnp.stack(each)
    powered = jnp.concatenate([power * jax.nn.log_softmax(joint, axis=-1) for power in POWERS])
    shares = jax.nn.softmax(powered, axis=-1)
    return jnp.log((shares + FLOOR) / (1 + FLOOR * shares.shape[-1]))


def picked(choices: Array, uniform: Array) -> Array:
    """One of them, each as likely."""
    return choices[jnp.int32(uniform * len(choices))]


def drawn_memberships(uniform: Float[Array, "... N"], logits: Float[Array, "... N K"]) -> Float[Array, "... N K"]:
    """One component a row, as zeros and a one."""
    below = jnp.cumsum(jax.nn.softmax(logits, axis=-1), axis=-1)[..., :-1] < uniform[..., None]
    return jax.nn.one_hot(below.sum(axis=-1), logits.shape[-1], dtype=logits.dtype)


@cache
def orders(components: int) -> np.ndarray:
    """All labellings (K!, K)."""
    return np.array(list(permutations(range(components))))


def log_proposal(guides: Float[Array, "G N K"], memberships: Float[Array, "N K"]) -> Float[Array, ""]:
    """Log of the mean over guides g and labellings σ of Π_i r_g,i,σ(z_i)."""
    components = memberships.shape[-1]
    # Rows of component k that a guide has in its component j.
    together = jnp.einsum("nk,gnj->gkj", memberships, guides)
    each = together[:, np.arange(components), orders(components)].sum(axis=-1)
    return logsumexp(each) - np.log(each.size)

"""Draws from the law of parameters given assignments, in programs that compile fast.

NumPyro's laws draw the same, but the loops of its gamma variates, and each call of a generator, take long to compile.
"""

import math

import jax
import jax.numpy as jnp

from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.triangular import cholesky, inverse_triangle, squared
from gmm_ppl.priors.kernel import ConjugateKernel
from gmm_ppl.types import Array, Float

TRIALS = 12
"""Of a gamma variate side by side, each accepted with probability 0.95 or more: all are refused once in 10¹⁵ times."""


class Noise:
    """Random numbers handed out from one draw of uniform and one of normal ones."""

    def __init__(self, key: Array, like: MixtureParameters, uniforms: int = 0) -> None:
        """As many as `drawn_parameters` takes, and further uniform ones."""
        components, features = like.means.shape
        gammas, dtype = components * (features + 1), like.means.dtype
        for_uniforms, for_normals = jax.random.split(key)
        count = uniforms + (TRIALS + 1) * gammas
        self.uniforms = jax.random.uniform(for_uniforms, (count,), dtype, minval=jnp.finfo(dtype).tiny)
        self.normals = jax.random.normal(for_normals, ((TRIALS + features) * gammas,), dtype)

    def uniform(self, *shape: int) -> Array:
        """The next of them."""
        taken, self.uniforms = divided(self.uniforms, shape)
        return taken

    def normal(self, *shape: int) -> Array:
        """The next of them."""
        taken, self.normals = divided(self.normals, shape)
        return taken


def divided(numbers: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """As many as the shape holds, in it, and the rest."""
    count = math.prod(shape)
    return numbers[:count].reshape(shape), numbers[count:]


def drawn_parameters(noise: Noise, kernel: ConjugateKernel, like: MixtureParameters) -> MixtureParameters:
    """Weights, covariances and means from a conjugate law; `like` are parameters of the same family."""
    family = type(like.covariance)
    # The law of the means takes one count of each component.
    count, scatter = family.pooled(kernel.count - 1, kernel.scatter)
    degrees = count - kernel.moment.measure(like.means.shape[-1])
    (part,) = family.parts
    drawn = inverse_wisharts if part.support.axes else inverse_gammas
    covariance = family.from_sites({part.name: drawn(noise, degrees, scatter)})
    means = kernel.mean + covariance.colour(noise.normal(*like.means.shape)) / jnp.sqrt(kernel.mean_precision)[:, None]
    weights = jax.nn.softmax(log_gammas(noise, jnp.broadcast_to(kernel.concentration, like.weights.shape)))
    return MixtureParameters(weights, means, covariance)


def log_gammas(noise: Noise, shape: Float[Array, "..."]) -> Float[Array, "..."]:
    """Logarithms of Gamma(a, 1) variates, one for each a (Marsaglia & Tsang 2000, doi:10.1145/358407.358414)."""
    x = noise.normal(TRIALS, *shape.shape)
    *u, boost = jnp.log(noise.uniform(TRIALS + 1, *shape.shape))
    d = jnp.where(shape < 1, shape + 1, shape) - 1 / 3
    cube = (1 + x / jnp.sqrt(9 * d)) ** 3
    log_cube = jnp.log(jnp.where(cube > 0, cube, 1))
    accepted = (cube > 0) & (jnp.stack(u) < x**2 / 2 + d * (1 - cube + log_cube))
    first = jnp.argmax(accepted, axis=0)[None]
    # Below 1, Gamma(a) is Gamma(a + 1) U^(1 / a).
    return jnp.log(d) + jnp.take_along_axis(log_cube, first, axis=0)[0] + jnp.where(shape < 1, boost / shape, 0)


def inverse_gammas(noise: Noise, degrees: Array, scale: Float[Array, "..."]) -> Float[Array, "..."]:
    """InverseGamma(ν/2, ψ/2) variates, one for each ψ."""
    return scale / 2 * jnp.exp(-log_gammas(noise, jnp.broadcast_to(degrees, scale.shape) / 2))


def inverse_wisharts(noise: Noise, degrees: Float[Array, "..."], scale: Float[Array, "... D D"]) -> Float[Array, "... D D"]:
    """InverseWishart(ν, Ψ) variates by Bartlett's decomposition: X Xᵀ where Ψ = L Lᵀ, A Aᵀ ~ Wishart(ν, I) and X = L A⁻ᵀ."""
    size = scale.shape[-1]
    halves = (degrees[..., None] - jnp.arange(size)) / 2
    on = jnp.sqrt(2) * jnp.exp(log_gammas(noise, halves) / 2)
    below = jnp.tril(noise.normal(*scale.shape), -1)
    root = inverse_triangle(below + on[..., None] * jnp.eye(size))
    return squared(cholesky(scale) @ jnp.swapaxes(root, -1, -2))

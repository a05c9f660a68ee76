"""What EM and NUTS are held to: densities by SciPy, gradients by JAX, rows to fit."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from tests.priors.oracles import conjugate_log_density, separated_log_density

N, D, K = 60, 2, 2


def overlapping_rows(rows=N, seed=3):
    """Two clusters that overlap, so that EM needs many steps: correlated in unequal units."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((rows, D)) @ np.array([[1.0, 0.4], [0.0, 0.8]])
    centres = np.where((np.arange(rows) < rows // 3)[:, None], [0.0, 0.0], [2.2, 1.5])
    return (centres + noise) * [1.0, 10.0]


def joint_log_densities(x, parameters):
    """Log π_k + log N(x_i | μ_k, Σ_k), (N, K), by SciPy."""
    columns = [
        np.log(weight) + np.atleast_1d(multivariate_normal.logpdf(x, mean, matrix))
        for weight, mean, matrix in zip(parameters.weights, parameters.means, parameters.covariances, strict=True)
    ]
    return np.stack(columns, axis=1)


def log_likelihood(x, parameters):
    """Σ_i log p(x_i) by SciPy."""
    return logsumexp(joint_log_densities(x, parameters), axis=1).sum()


def responsibilities(x, parameters):
    """γ (N, K) by SciPy."""
    joint = joint_log_densities(x, parameters)
    return np.exp(joint - logsumexp(joint, axis=1, keepdims=True))


def log_prior(parameters, prior):
    """The prior's density of weights, means and covariances by SciPy."""
    laws = {"flat": lambda *_: 0.0, "conjugate": conjugate_log_density, "separated": separated_log_density}
    return laws[prior.kind](parameters, prior)


def site_gradient(posterior, sites):
    """Gradient of the log joint density of sites by their coordinates on the real line, which are taken for coordinates only: no
    Jacobian. Relative: a unit step changes a coordinate by its own size, where that is above 1.
    """
    start, unravel = ravel_pytree(posterior.unconstrain(jax.tree.map(jnp.asarray, sites)))
    size = jnp.maximum(1, jnp.abs(start))
    return jax.jit(jax.grad(lambda step: posterior.log_joint(posterior.constrain(unravel(start + size * step)))))(0 * start)

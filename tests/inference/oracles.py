"""What EM and NUTS are held to: densities by SciPy, gradients in stated coordinates, rows to fit."""

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


def matrices(parameters):
    """Covariance matrices (K, D, D), whatever the family, by NumPy alone."""
    values, (components, features) = parameters.covariance.values, parameters.means.shape
    name = parameters.covariance.name
    if name == "diagonal":
        return np.stack([np.diag(each) for each in values])
    if name == "spherical":
        return np.stack([each * np.eye(features) for each in values])
    return np.broadcast_to(values, (components, features, features))


def joint_log_densities(x, parameters):
    """Log π_k + log N(x_i | μ_k, Σ_k), (N, K), by SciPy."""
    columns = [
        np.log(weight) + np.atleast_1d(multivariate_normal.logpdf(x, mean, matrix))
        for weight, mean, matrix in zip(parameters.weights, parameters.means, matrices(parameters), strict=True)
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


def stated_gradient(posterior, parameters):
    """Gradient of the log joint at `parameters` by weights on the simplex, means and symmetric matrices (or variances).

    Relative: a unit step changes a weight by itself, a mean by a deviation, a covariance by a product of two deviations.
    """
    weights, means, values = (jnp.asarray(each) for each in (parameters.weights, parameters.means, parameters.covariance.values))
    deviations = jnp.sqrt(jnp.diagonal(jnp.asarray(matrices(parameters)), axis1=1, axis2=2))
    matrix, site = parameters.covariance.matrix, parameters.covariance.site
    size = jnp.sqrt(jnp.diagonal(values, axis1=-2, axis2=-1)) if matrix else values

    def log_joint(steps):
        scaled = weights * steps["weights"]
        moved = steps["covariance"]
        moved = (moved + jnp.swapaxes(moved, -1, -2)) / 2 * size[..., :, None] * size[..., None, :] if matrix else moved * size
        sites = {
            # The projection keeps Σ π = 1, so this is the derivative along the simplex.
            "weights": weights + scaled - weights * jnp.sum(scaled),
            "means": means + deviations * steps["means"],
            site: values + moved,
        }
        return posterior.log_joint(sites)

    zero = {"weights": jnp.zeros_like(weights), "means": jnp.zeros_like(means), "covariance": jnp.zeros_like(values)}
    return ravel_pytree(jax.jit(jax.grad(log_joint))(zero))[0]


def site_gradient(posterior, sites):
    """Gradient of the log joint density of a program's own sites, taken in unconstrained coordinates: no Jacobian."""
    start, unravel = ravel_pytree(posterior.unconstrain(jax.tree.map(jnp.asarray, sites)))
    return jax.jit(jax.grad(lambda each: posterior.log_joint(posterior.constrain(unravel(each)))))(start)

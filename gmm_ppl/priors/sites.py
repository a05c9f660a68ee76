"""Sites of a prior's program: their density, and the unconstrained coordinates that samplers move in."""

import jax
import jax.numpy as jnp
from numpyro import handlers, validation_enabled
from numpyro.distributions.util import sum_rightmost

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance.triangular import inverse_triangle, known_roots
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.priors.base import AbstractPrior
from gmm_ppl.priors.bijections import CovarianceBijection, bijection
from gmm_ppl.types import Array, Float

Sites = dict[str, Array]


def log_prior(prior: AbstractPrior, shape: MixtureShape, sites: Sites) -> tuple[Float[Array, ""], MixtureParameters]:
    """Log density (nats) of the prior's program at `sites`, and the parameters that the program makes of them.

    The density is with respect to Lebesgue measure on the sites themselves: weights on the simplex, covariance
    matrices on their lower triangle. It is the program's own, run with its values substituted.
    """
    # NumPyro's check of a support takes eigenvalues of covariances as they are, and so calls a matrix whose features have
    # units 10⁸ apart indefinite. Sites come from bijections and M-steps; what is no covariance has a Cholesky factor of NaN.
    with validation_enabled(is_validate=False), handlers.trace() as trace, handlers.substitute(data=sites):
        parameters = prior.sample_parameters(shape)
        sampled = (site for site in trace.values() if site["type"] == "sample")
        return sum(map(site_log_density, sampled), start=jnp.zeros(())), parameters


def site_log_density(site: dict) -> Float[Array, ""]:
    """Log density of one traced site, with the scale that its plates and handlers give it."""
    value = site["fn"].log_prob(site["value"])
    return jnp.sum(value if site["scale"] is None else site["scale"] * value)


def constrain(prior: AbstractPrior, shape: MixtureShape, unconstrained: Sites) -> Sites:
    """Sites from their coordinates on the real line, by the bijections that NumPyro takes."""
    supports = prior.supports(shape)
    return {name: bijection(supports[name][1])(value) for name, value in unconstrained.items()}


def log_prior_of_coordinates(
    prior: AbstractPrior, shape: MixtureShape, unconstrained: Sites
) -> tuple[Float[Array, ""], MixtureParameters]:
    """Log density (nats) of the prior in unconstrained coordinates, Jacobian included, and the parameters there.

    What `log_prior` of `constrain` and `log_jacobian` say, with what each matrix was made of made use of.
    """
    sites, roots = {}, []
    for name, value in unconstrained.items():
        to_support = bijection(prior.supports(shape)[name][1])
        if isinstance(to_support, CovarianceBijection):
            sites[name], factor = to_support.with_factor(value)
            roots.append((sites[name], inverse_triangle(factor)))
        else:
            sites[name] = to_support(value)
    density, parameters = log_prior_with_roots(prior, shape, sites, roots)
    return density + log_jacobian(prior, shape, unconstrained, sites), parameters


def log_prior_with_roots(
    prior: AbstractPrior, shape: MixtureShape, sites: Sites, roots: list[tuple[Array, Array]]
) -> tuple[Float[Array, ""], MixtureParameters]:
    """`log_prior` where L⁻¹ of some sites Σ = L Lᵀ is known: (Σ, L⁻¹) for each, Σ being the very object among the sites."""
    with known_roots(*roots):
        density, found = log_prior(prior, shape, sites)
        return density, MixtureParameters(found.weights, found.means, found.covariance.rooted())


def unconstrain(prior: AbstractPrior, shape: MixtureShape, sites: Sites) -> Sites:
    """The inverse of `constrain`."""
    supports = prior.supports(shape)
    return {name: bijection(supports[name][1]).inv(value) for name, value in sites.items()}


def log_jacobian(prior: AbstractPrior, shape: MixtureShape, unconstrained: Sites, sites: Sites | None = None) -> Float[Array, ""]:
    """Log |∂ sites / ∂ unconstrained|, which turns a density of sites into one of unconstrained coordinates.

    `sites` are those of the coordinates, where they are at hand.
    """
    sites = constrain(prior, shape, unconstrained) if sites is None else sites
    total = jnp.zeros(())
    # A site without coordinates, the sticks of a single component say, changes no volume; NumPyro's transforms fail on it.
    for name, value in ((name, value) for name, value in unconstrained.items() if jnp.size(value)):
        transform = bijection(prior.supports(shape)[name][1])
        each = transform.log_abs_det_jacobian(value, sites[name])
        total = total + sum_rightmost(each, jnp.ndim(each))
    return total


def unconstrained_shapes(prior: AbstractPrior, shape: MixtureShape) -> dict[str, tuple[int, ...]]:
    """Shape of each site's coordinates: one fewer than the weights, a packed triangle for a matrix."""
    supports = prior.supports(shape)
    return {name: bijection(support).inverse_shape(size) for name, (size, support) in supports.items()}


def draw_sites(prior: AbstractPrior, shape: MixtureShape, key: Array) -> tuple[Sites, MixtureParameters]:
    """One draw of all sites from the prior, and its parameters; InputError where the prior is improper."""
    if not prior.proper:
        raise InputError(f"prior {prior.kind}: nothing can be drawn from an improper prior. Choose another, or state the values.")
    # NumPyro would check hyperparameters that are known to be good, by programs that are compiled one operation at a time.
    with validation_enabled(is_validate=False), handlers.trace() as trace, handlers.seed(rng_seed=key):
        parameters = prior.sample_parameters(shape)
    return {name: trace[name]["value"] for name in prior.supports(shape)}, parameters


def median_sites(prior: AbstractPrior, shape: MixtureShape, key: Array) -> Sites:
    """A central point of the prior: the mean, in unconstrained coordinates, of 16 draws."""
    draws = jax.vmap(lambda each: unconstrain(prior, shape, draw_sites(prior, shape, each)[0]))(jax.random.split(key, 16))
    return constrain(prior, shape, jax.tree.map(lambda each: jnp.mean(each, axis=0), draws))

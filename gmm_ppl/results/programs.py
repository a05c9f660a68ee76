"""What is compiled by JAX to evaluate and to make draws; imported where there are some, so that a point needs no compiler."""

import equinox as eqx
import jax
import jax.numpy as jnp

from gmm_ppl.compiled import compiled_once, mapped
from gmm_ppl.mixture.density import component_log_densities, log_density, shares
from gmm_ppl.mixture.operations import sample_rows
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.priors import AbstractPrior
from gmm_ppl.priors.base import Sites
from gmm_ppl.types import Array, Float, PRNGKeyArray


@eqx.filter_jit
def draws_in_batches(draws: MixtureParameters, x: Array, *, together: int) -> Float[Array, "S N"]:
    """`log_density` of all rows under every draw, so many draws at a time."""
    return mapped(lambda parameters: log_density(x, parameters), draws, together=together)


@eqx.filter_jit
def averaged_over_draws(draws: MixtureParameters, x: Array) -> tuple[Float[Array, " N"], Float[Array, "N K"]]:
    """log E[P(x_i)], and E[π_k N(x_i | μ_k, Σ_k)] / E[P(x_i)], over draws, one at a time."""

    def add(total: Array, parameters: MixtureParameters) -> tuple[Array, None]:
        return jnp.logaddexp(total, component_log_densities(x, parameters)), None

    nothing = jnp.full((x.shape[0], draws.weights.shape[-1]), -jnp.inf, x.dtype)
    total, _ = jax.lax.scan(add, nothing, draws)
    density, each = shares(total, axis=-1)
    return density - jnp.log(draws.weights.shape[0]), each


@eqx.filter_jit
def log_prior_of_chains(prior: AbstractPrior, shape: MixtureShape, sites: Sites) -> Float[Array, "chain draw"]:
    """Log density of sites with axes (chain, draw), a chain at a time."""
    return jax.lax.map(jax.vmap(lambda each: prior.log_density(shape, each)[0]), sites)


@eqx.filter_jit
def replicated_rows(draws: MixtureParameters, key: PRNGKeyArray, blocks: int, block: int) -> Float[Array, "chain draw B R D"]:
    """So many blocks of rows from the mixture of every draw, axes (chain, draw), one block at a time."""
    keys = jax.random.split(key, draws.weights.shape[:2])

    def one(each: tuple[MixtureParameters, Array]) -> Array:
        parameters, key = each
        return jax.lax.map(lambda key: sample_rows(key, parameters, block)[0], jax.random.split(key, blocks))

    return jax.lax.map(lambda chain: jax.lax.map(one, chain), (draws, keys))


@compiled_once
def draws_of_prior(prior: AbstractPrior, shape: MixtureShape, key: PRNGKeyArray, number: int) -> MixtureParameters:
    """`number` draws from a prior; one after another, which compiles in half the time of all at once."""
    # Here, because nothing else needs NumPyro.
    from gmm_ppl.priors.sites import draw_sites

    return jax.lax.map(lambda each: draw_sites(prior, shape, each)[1], jax.random.split(key, number))


@compiled_once
def key_of(seed: Array, purpose: int) -> PRNGKeyArray:
    """A random key for one of several independent purposes."""
    return jax.random.fold_in(jax.random.key(seed), purpose)

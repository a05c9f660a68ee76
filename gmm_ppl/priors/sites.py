"""Draws of a prior's sites, by running its NumPyro program."""

import jax
import jax.numpy as jnp
from numpyro import handlers, validation_enabled
from numpyro.infer import init_to_uniform

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.priors.base import AbstractPrior, Sites
from gmm_ppl.types import Array


def draw_sites(prior: AbstractPrior, shape: MixtureShape, key: Array) -> tuple[Sites, MixtureParameters]:
    """One draw of all sites from the prior, and its parameters; InputError where the prior is improper."""
    if not prior.proper:
        raise InputError(f"prior {prior.kind}: nothing can be drawn from an improper prior. Choose another, or state the values.")
    return random_sites(prior, shape, key)


def random_sites(prior: AbstractPrior, shape: MixtureShape, key: Array) -> tuple[Sites, MixtureParameters]:
    """Sites and parameters of one run of the prior's program; a draw, but for sites whose law has none (`drawn_or_begun`)."""
    # NumPyro would check hyperparameters that are known to be good, by programs that are compiled one operation at a time.
    with (
        validation_enabled(is_validate=False),
        handlers.block(),
        handlers.substitute(substitute_fn=drawn_or_begun),
        handlers.trace() as trace,
        handlers.seed(rng_seed=key),
    ):
        parameters = prior.sample_parameters(shape)
    return {name: trace[name]["value"] for name in prior.real_shapes(shape)}, parameters


def drawn_or_begun(site: dict) -> Array | None:
    """A draw of a site; of a law without draws, `ImproperUniform` for one, where NumPyro begins: coordinates within ±2."""
    if site["type"] != "sample" or site["is_observed"]:
        return None
    try:
        return site["fn"](*site["args"], **site["kwargs"])
    except NotImplementedError:
        return init_to_uniform(site)


def median_sites(prior: AbstractPrior, shape: MixtureShape, key: Array) -> Sites:
    """A central point of the prior: the mean, in unconstrained coordinates, of 16 draws."""
    draws = jax.vmap(lambda each: prior.unconstrain(shape, random_sites(prior, shape, each)[0]))(jax.random.split(key, 16))
    return prior.constrain(shape, jax.tree.map(lambda each: jnp.mean(each, axis=0), draws))

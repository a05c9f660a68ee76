"""Cases made from the registries: a family or a prior is tested by being registered."""

from collections.abc import Callable
from functools import cache, partial

import jax.numpy as jnp
import numpy as np
import numpyro
from numpyro import distributions as dist

from gmm_ppl.mixture.covariance import FAMILIES, AbstractCovariance
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.priors import PRIORS

FAMILY_NAMES = tuple(FAMILIES)
PRIOR_KINDS = tuple(PRIORS)
PROPER_KINDS = tuple(kind for kind in PRIORS if kind != "flat")
DRAWABLE = [(family, kind) for family in FAMILY_NAMES for kind in PROPER_KINDS]
EVERY = [(family, kind) for family in FAMILY_NAMES for kind in PRIOR_KINDS]


def random_matrix(rng: np.random.Generator, features: int) -> np.ndarray:
    """A symmetric positive definite matrix with a condition number around ten."""
    root = rng.normal(size=(features, features)) + 2 * np.eye(features)
    return root @ root.T / features


def random_values(rng: np.random.Generator, family: type[AbstractCovariance], components: int, features: int) -> np.ndarray:
    """Covariance values that a family can have, from its structural facts alone."""
    shape = family.value_shape(components, features)
    if not family.matrix:
        return rng.gamma(3.0, 0.5, size=shape) + 0.1
    count = int(np.prod(shape[:-2]))
    return np.stack([random_matrix(rng, features) for _ in range(count)]).reshape(shape)


def random_parameters(family: str, components: int = 3, features: int = 2, seed: int = 1) -> MixtureParameters:
    """A mixture of overlapping components, as NumPy arrays."""
    rng = np.random.default_rng(seed)
    member = FAMILIES[family]
    weights = rng.dirichlet(np.full(components, 3.0))
    means = rng.normal(scale=2.0, size=(components, features))
    return MixtureParameters(weights, means, member(random_values(rng, member, components, features)))


def random_rows(rows: int, features: int = 2, seed: int = 2) -> np.ndarray:
    """Rows around the components of `random_parameters`."""
    return np.random.default_rng(seed).normal(scale=2.0, size=(rows, features))


def mixture_shape(family: str, components: int = 3, features: int = 2) -> MixtureShape:
    """The static shape that goes with `random_parameters`."""
    return MixtureShape(components, features, FAMILIES[family])


def prior_statement(family: str, kind: str) -> object:
    """A prior of this kind as a user states it, for any family."""
    return hierarchical_program(FAMILIES[family]) if kind == "program" else kind


@cache
def hierarchical_program(family: type[AbstractCovariance]) -> Callable:
    """A program that samples no parameter itself: stick-breaking weights, means about a common centre, roots or log scales."""
    return partial(hierarchical, family=family)


def hierarchical(components: int, features: int, *, family: type[AbstractCovariance]) -> tuple:
    """Parameters made from other sites, so that nothing but the program's own density can be right."""
    breaks = numpyro.sample("breaks", dist.Uniform(0.1, 0.7).expand((components - 1,)).to_event(1))
    left = jnp.cumprod(jnp.concatenate([jnp.ones(1), 1 - breaks]))
    weights = left * jnp.concatenate([breaks, jnp.ones(1)])
    centre = numpyro.sample("centre", dist.Normal(0.0, 2.0).expand((features,)).to_event(1))
    offsets = numpyro.sample("offsets", dist.Laplace(0.0, 1.5).expand((components, features)).to_event(2))
    shape = family.value_shape(components, features)
    if not family.matrix:
        scales = numpyro.sample("scales", dist.LogNormal(0.0, 0.5).expand(shape).to_event(len(shape)))
        return weights, centre + offsets, scales**2
    roots = numpyro.sample("roots", dist.Normal(0.0, 1.0).expand(shape).to_event(len(shape)))
    return weights, centre + offsets, roots @ jnp.swapaxes(roots, -1, -2) + 0.1 * jnp.eye(features)

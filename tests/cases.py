"""Cases made from the registries: a family or a prior is tested by being registered."""

from collections.abc import Callable, Mapping
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


def priors_of(family: str) -> tuple[str, ...]:
    """Kinds of priors that a family can have: the separated one is a law of whole covariances."""
    return tuple(kind for kind in PRIORS if kind != "separated" or len(FAMILIES[family].parts) == 1)


EVERY = [(family, kind) for family in FAMILY_NAMES for kind in priors_of(family)]
ENGINE_CASES = [(family, "weak") for family in FAMILY_NAMES]
ENGINE_CASES += [(family, "separated") for family in ("full", "spherical")]
"""For engines that compile a program for each case: every family under a conjugate prior, and two under another."""

DRAWABLE = [(family, kind) for family, kind in EVERY if kind in PROPER_KINDS]


def random_matrix(rng: np.random.Generator, features: int) -> np.ndarray:
    """A symmetric positive definite matrix with a condition number around ten."""
    root = rng.normal(size=(features, features)) + 2 * np.eye(features)
    return root @ root.T / features


def random_real(
    rng: np.random.Generator,
    family: type[AbstractCovariance],
    components: int,
    features: int,
    lanes: tuple[int, ...] = (),
    spread: float = 0.5,
) -> dict[str, np.ndarray]:
    """Coordinates of every part of a family's covariances, normal with this standard deviation."""
    shapes = {part.name: part.real_shape(components, features) for part in family.parts}
    return {name: spread * rng.normal(size=lanes + shape) for name, shape in shapes.items()}


def random_covariance(
    family: type[AbstractCovariance], components: int = 3, features: int = 2, seed: int = 1, lanes: tuple[int, ...] = ()
) -> AbstractCovariance:
    """Covariances that a family can have, as NumPy arrays, holding nothing but their parts."""
    found = family.from_real(random_real(np.random.default_rng([seed, 1]), family, components, features, lanes))
    return family.from_sites(found.sites)


def random_parameters(
    family: str, components: int = 3, features: int = 2, seed: int = 1, lanes: tuple[int, ...] = ()
) -> MixtureParameters:
    """A mixture of overlapping components, as NumPy arrays; several have leading axes."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(components, 3.0), size=lanes)
    means = rng.normal(scale=2.0, size=(*lanes, components, features))
    return MixtureParameters(weights, means, random_covariance(FAMILIES[family], components, features, seed, lanes))


def random_scatter(
    family: type[AbstractCovariance], components: int = 3, features: int = 2, seed: int = 4, lanes: tuple[int, ...] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Counts n_k and scatter W_k that some rows could have, the scatter as the family's moment has it."""
    rng = np.random.default_rng(seed)
    count = rng.uniform(5, 50, size=(*lanes, components))
    root = rng.normal(size=(*lanes, components, features, features + 2)) * np.exp(rng.normal(size=(*lanes, components, 1, 1)))
    matrices = count[..., None, None] * (root @ root.swapaxes(-1, -2)) / (features + 2)
    return count, family.moment.symmetric(family.moment.from_matrix(matrices))


def random_rows(rows: int, features: int = 2, seed: int = 2) -> np.ndarray:
    """Rows around the components of `random_parameters`."""
    return np.random.default_rng(seed).normal(scale=2.0, size=(rows, features))


def mixture_shape(family: str, components: int = 3, features: int = 2) -> MixtureShape:
    """The static shape that goes with `random_parameters`."""
    return MixtureShape(components, features, FAMILIES[family])


def given_covariances(sites: Mapping[str, np.ndarray]) -> object:
    """The parts of covariances as a user gives them: the only one itself, or all by name."""
    return dict(sites) if len(sites) > 1 else next(iter(sites.values()))


def prior_statement(family: str, kind: str) -> object:
    """A prior of this kind as a user states it, for any family."""
    return hierarchical_program(FAMILIES[family]) if kind == "program" else kind


@cache
def hierarchical_program(family: type[AbstractCovariance]) -> Callable:
    """A program that samples no parameter itself: stick-breaking weights, means about a common centre, parts by coordinates."""
    return partial(hierarchical, family=family)


def hierarchical(components: int, features: int, *, family: type[AbstractCovariance]) -> tuple:
    """Parameters made from other sites, so that nothing but the program's own density can be right."""
    breaks = numpyro.sample("breaks", dist.Uniform(0.1, 0.7).expand((components - 1,)).to_event(1))
    left = jnp.cumprod(jnp.concatenate([jnp.ones(1), 1 - breaks]))
    weights = left * jnp.concatenate([breaks, jnp.ones(1)])
    centre = numpyro.sample("centre", dist.Normal(0.0, 2.0).expand((features,)).to_event(1))
    offsets = numpyro.sample("offsets", dist.Laplace(0.0, 1.5).expand((components, features)).to_event(2))
    parts = {}
    for part in family.parts:
        shape = part.real_shape(components, features)
        real = numpyro.sample(coordinates_site(part.name), dist.Normal(0.0, 0.5).expand(shape).to_event(len(shape)))
        parts[part.name] = part.support.from_real(real)
    return weights, centre + offsets, given_covariances(parts)


def coordinates_site(part: str) -> str:
    """What `hierarchical` calls the coordinates of a part."""
    return f"{part}_coordinates"

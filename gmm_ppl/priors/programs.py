"""The NumPyro programs of the priors that come with the library; the densities of their laws are the priors' own."""

from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpyro
from numpyro import distributions as dist

from gmm_ppl.mixture.covariance import AbstractCovariance, Part
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape, from_sites
from gmm_ppl.mixture.supports import VOLUME
from gmm_ppl.priors.base import AbstractConjugatePrior, event_dims
from gmm_ppl.priors.bijections import constraint_of
from gmm_ppl.priors.laws import (
    InverseWishartLaw,
    MeansLaw,
    PartLaw,
    SeparatedCovariance,
    WeightsLaw,
    inverse_gamma,
    squared_half_normal,
)
from gmm_ppl.types import Array

if TYPE_CHECKING:
    from gmm_ppl.priors.conjugate import ConjugatePrior
    from gmm_ppl.priors.separated import SeparatedPrior


def conjugate_program(prior: "ConjugatePrior", shape: MixtureShape) -> MixtureParameters:
    """Weights, covariances, then means given those."""
    weights = numpyro.sample("weights", WeightsLaw(prior.concentration), infer=event_dims("component"))
    covariance = joint_parts(prior, shape) if len(shape.family.parts) > 1 else only_part(shape, conjugate_law(prior, shape))
    law_of_means = MeansLaw(prior.mean, prior.mean_precision, covariance, shape.components).to_event(1)
    means = numpyro.sample("means", law_of_means, infer=event_dims("component", "feature"))
    return MixtureParameters(weights, means, covariance)


def conjugate_law(prior: "ConjugatePrior", shape: MixtureShape) -> dist.Distribution:
    """Of one matrix, or one variance."""
    if shape.family.parts[0].support.axes:
        return InverseWishartLaw(prior.degrees_of_freedom, prior.scale)
    return inverse_gamma(prior.degrees_of_freedom, prior.scale)


def only_part(shape: MixtureShape, law: dist.Distribution) -> AbstractCovariance:
    """Covariances that are one array, whose entries have one law."""
    (part,) = shape.family.parts
    size = part.shape(shape.components, shape.features)
    batch = size[: len(size) - part.support.axes]
    each = law.expand(batch).to_event(len(batch))
    return shape.family.from_sites({part.name: numpyro.sample(part.name, each, infer=event_dims(*part.dims))})


def joint_parts(prior: "ConjugatePrior", shape: MixtureShape) -> AbstractCovariance:
    """Covariances of several parts, whose law is joint: a factor, with draws of all parts at once."""
    kernel = prior.kernel(shape)
    # Without the laws of the means, which count one row each.
    count, scatter = kernel.count - 1, kernel.scatter[0]
    key = numpyro.prng_key()
    # All parts of one draw; without a key every part is given.
    together: dict = {} if key is None else shape.family.drawn(key, count, scatter, shape.components).sites
    sites = {}
    for part in shape.family.parts:
        law = PartLaw(constraint_of(part), part.shape(shape.components, shape.features), together.get(part.name))
        sites[part.name] = sampled(part, law)
    covariance = shape.family.from_sites(sites)
    spread = count * covariance.log_determinant(shape.features) + covariance.trace_precision(scatter)
    numpyro.factor("covariances", -jnp.sum(spread) / 2)
    return covariance


def sampled(part: Part, law: dist.Distribution) -> Array:
    """A part sampled from a law whose density is with respect to the measure of the part's support."""
    value = numpyro.sample(part.name, law, infer=event_dims(*part.dims))
    if part.support is VOLUME:
        # Densities of volumes are of their logarithms; NumPyro's of the volumes themselves.
        numpyro.factor(f"log {part.name}", -jnp.sum(jnp.log(value)))
    return value


def separated_program(prior: "SeparatedPrior", shape: MixtureShape) -> MixtureParameters:
    """Weights, means and covariances, independent of each other."""
    weights = numpyro.sample("weights", WeightsLaw(prior.concentration), infer=event_dims("component"))
    law = dist.Normal(prior.mean, prior.mean_scale).expand((shape.components, shape.features)).to_event(2)
    means = numpyro.sample("means", law, infer=event_dims("component", "feature"))
    matrices = shape.family.parts[0].support.axes
    each = SeparatedCovariance(prior.scale, prior.correlation_concentration) if matrices else squared_half_normal(prior.scale)
    return MixtureParameters(weights, means, only_part(shape, each))


def flat_program(shape: MixtureShape) -> MixtureParameters:
    """Every site anywhere on its support."""
    sizes = shape.part_shapes
    laws = {part.name: dist.ImproperUniform(constraint_of(part), (), sizes[part.name]) for part in shape.parts}
    return from_sites({part.name: sampled(part, laws[part.name]) for part in shape.parts}, shape.family)


def factor_program(prior: AbstractConjugatePrior, shape: MixtureShape) -> MixtureParameters:
    """Every site anywhere on its support, and the prior's density as a factor."""
    parameters = flat_program(shape)
    numpyro.factor(prior.kind, prior.log_density_at(parameters))
    return parameters

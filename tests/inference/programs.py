"""Priors for `overlapping_rows`: with odd numbers, and as NumPyro programs, some of whose sites are not the parameters."""

from functools import cache, partial

import jax.numpy as jnp
import numpy as np
import numpyro
from numpyro import distributions as dist

from gmm_ppl.mixture.covariance import FAMILIES
from tests.cases import coordinates_site, given_covariances

CONJUGATE = {
    "concentration": [1.7, 2.3],
    "mean": [0.4, 11.0],
    "mean_precision": 0.37,
    "degrees_of_freedom": 7.3,
}
"""Odd numbers, in the units of `overlapping_rows`."""

SCALE = np.array([[2.1, 1.3], [1.3, 90.0]])

SEPARATED = {"concentration": [1.7, 2.3], "mean": [0.4, 11.0], "mean_scale": [2.0, 30.0], "correlation_concentration": 2.5}
DEVIATIONS = np.array([1.1, 12.0])


def prior(family, kind):
    """A prior as a user states it; `conjugate` and `separated` with odd numbers."""
    statements = {
        "conjugate": lambda: {"kind": "conjugate", **CONJUGATE, "scale": conjugate_scale(FAMILIES[family])},
        "separated": lambda: {"kind": "separated", **SEPARATED, "scale": deviation_scale(FAMILIES[family])},
        "program": lambda: hierarchical(family),
        "correlations": lambda: correlations,
    }
    return statements.get(kind, lambda: kind)()


def conjugate_scale(family):
    """What of `SCALE` the family can tell apart."""
    return np.asarray(family.scale_of(family.moment.from_matrix(SCALE))).tolist()


def deviation_scale(family):
    """The same of `DEVIATIONS`."""
    return np.sqrt(family.scale_of(DEVIATIONS**2)).tolist()


def conjugate(components, features):
    """The conjugate prior of the full family, in NumPyro's words."""
    concentration, scale = jnp.array(CONJUGATE["concentration"]), jnp.linalg.cholesky(jnp.array(SCALE))
    weights = numpyro.sample("weights", dist.Dirichlet(concentration))
    law = dist.InverseWishart(CONJUGATE["degrees_of_freedom"], scale_tril=scale).expand((components,)).to_event(1)
    covariances = numpyro.sample("covariances", law)
    spread = covariances / CONJUGATE["mean_precision"]
    mean = jnp.array(CONJUGATE["mean"])
    means = numpyro.sample("means", dist.MultivariateNormal(mean, covariance_matrix=spread).to_event(1))
    return weights, means, covariances


@cache
def hierarchical(family):
    """A program with hyperparameters, that samples neither means nor covariances themselves."""
    return partial(hierarchical_program, family=FAMILIES[family])


def hierarchical_program(components, features, *, family):
    """Means of a common centre and spread; covariances by the coordinates of their parts."""
    means = hierarchical_means(components, features)
    weights = numpyro.sample("weights", dist.Dirichlet(jnp.full(components, 2.0)))
    parts = {}
    for part in family.parts:
        shape = part.real_shape(components, features)
        real = numpyro.sample(coordinates_site(part.name), dist.Normal(1.0, 3.0).expand(shape).to_event(len(shape)))
        parts[part.name] = part.support.from_real(real)
    return weights, means, given_covariances(parts)


def correlations(components, features):
    """Full covariances of deviations and correlations, as NumPyro's users write them."""
    means = hierarchical_means(components, features)
    weights = numpyro.sample("weights", dist.Dirichlet(jnp.full(components, 2.0)))
    deviations = numpyro.sample("deviations", dist.LogNormal(1.0, 1.0).expand((components, features)).to_event(2))
    roots = numpyro.sample("correlations", dist.LKJCholesky(features, 2.0).expand((components,)).to_event(1))
    roots = deviations[..., :, None] * roots
    return weights, means, roots @ jnp.swapaxes(roots, -1, -2)


def hierarchical_means(components, features):
    """A centre, a spread, and offsets in the units of `overlapping_rows`."""
    spread = numpyro.sample("spread", dist.LogNormal(0.5, 0.5))
    centre = numpyro.sample("centre", dist.Normal(jnp.array([1.0, 10.0]), 5.0).to_event(1))
    offsets = numpyro.sample("offsets", dist.Normal(0.0, 1.0).expand((components, features)).to_event(2))
    return centre + spread * offsets * jnp.array([1.0, 10.0])

"""NumPyro programs as priors: the conjugate prior stated by hand, and one made of other sites."""

from functools import cache, partial

import jax.numpy as jnp
import numpyro
from numpyro import distributions as dist

from gmm_ppl.mixture.covariance import FAMILIES

CONJUGATE = {
    "concentration": [1.7, 2.3],
    "mean": [0.4, 11.0],
    "mean_precision": 0.37,
    "degrees_of_freedom": 7.3,
}
"""Odd numbers, in the units of `overlapping_rows`."""

SCALES = {"full": [[2.1, 1.3], [1.3, 90.0]], "tied": [[2.1, 1.3], [1.3, 90.0]], "diagonal": [2.1, 90.0], "spherical": 17.0}

SEPARATED = {"concentration": [1.7, 2.3], "mean": [0.4, 11.0], "mean_scale": [2.0, 30.0], "correlation_concentration": 2.5}
DEVIATIONS = {"full": [1.1, 12.0], "tied": [1.1, 12.0], "diagonal": [1.1, 12.0], "spherical": 5.0}


def prior(family, kind):
    """A prior as a user states it; `conjugate` and `separated` with odd numbers."""
    statements = {
        "conjugate": lambda: {"kind": "conjugate", **CONJUGATE, "scale": SCALES[family]},
        "separated": lambda: {"kind": "separated", **SEPARATED, "scale": DEVIATIONS[family]},
        "program": lambda: hierarchical(family),
    }
    return statements.get(kind, lambda: kind)()


def conjugate(components, features):
    """The conjugate prior of the full family, in NumPyro's words."""
    concentration, scale = jnp.array(CONJUGATE["concentration"]), jnp.linalg.cholesky(jnp.array(SCALES["full"]))
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
    """Means of a common centre and spread; deviations and correlations."""
    spread = numpyro.sample("spread", dist.LogNormal(0.5, 0.5))
    centre = numpyro.sample("centre", dist.Normal(jnp.array([1.0, 10.0]), 5.0).to_event(1))
    offsets = numpyro.sample("offsets", dist.Normal(0.0, 1.0).expand((components, features)).to_event(2))
    weights = numpyro.sample("weights", dist.Dirichlet(jnp.full(components, 2.0)))
    means = centre + spread * offsets * jnp.array([1.0, 10.0])
    shape = family.value_shape(components, features)
    if not family.matrix:
        deviations = numpyro.sample("deviations", dist.LogNormal(1.0, 1.0).expand(shape).to_event(len(shape)))
        return weights, means, deviations**2
    batch = shape[:-2]
    deviations = numpyro.sample("deviations", dist.LogNormal(1.0, 1.0).expand(shape[:-1]).to_event(len(shape) - 1))
    correlations = numpyro.sample("correlations", dist.LKJCholesky(features, 2.0).expand(batch).to_event(len(batch)))
    roots = deviations[..., :, None] * correlations
    return weights, means, roots @ jnp.swapaxes(roots, -1, -2)

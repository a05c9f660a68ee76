"""The same quantities without JAX: scipy and NumPy, straight from the definitions."""

import inspect
import re
import sys

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from gmm_ppl.mixture.covariance import AbstractCovariance


def components(x, parameters):
    """log π_k + log N(x_i | μ_k, Σ_k), (N, K)."""
    normal = [
        multivariate_normal(mean, covariance).logpdf(x).reshape(len(x))
        for mean, covariance in zip(parameters.means, np.asarray(parameters.covariances), strict=True)
    ]
    with np.errstate(divide="ignore"):
        return np.log(parameters.weights) + np.stack(normal, axis=-1)


def log_density(x, parameters):
    """log P(x_i), (N,)."""
    return logsumexp(components(x, parameters), axis=1)


def responsibilities(x, parameters):
    """γ_ik, (N, K)."""
    joint = components(x, parameters)
    return np.exp(joint - logsumexp(joint, axis=1, keepdims=True))


def letters(family: type[AbstractCovariance]) -> str:
    """What mclust calls a family: volume, shape and orientation are equal (E), variable (V) or the identity (I)."""
    found = re.findall(r"mclust's ([EVI]{3})\b", inspect.getdoc(sys.modules[family.__module__]) or "")
    assert len(found) == 1, f"{family.name}: its module's docstring says which of mclust's families it is"
    return found[0]

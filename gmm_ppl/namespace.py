"""One formula, two namespaces: NumPy for the host's own loops, JAX's NumPy inside its programs."""

import math
import sys
from typing import Any

import numpy as np

from gmm_ppl.types import Array

PLAIN = (np.ndarray, np.generic, float, int)


def namespace(*arrays: object) -> Any:
    """`numpy`, or `jax.numpy` where any of the arrays is JAX's, traced or not; JAX is not imported for it."""
    for each in arrays:
        if not isinstance(each, PLAIN):
            break
    else:
        return np
    jax = sys.modules["jax"]
    return jax.numpy if any(isinstance(each, jax.Array) for each in arrays) else np


def is_traced(*arrays: object) -> bool:
    """Whether JAX is tracing any of the arrays, whose values then cannot be looked at."""
    if all(isinstance(each, PLAIN) for each in arrays):
        return False
    tracer = sys.modules["jax"].core.Tracer
    return any(isinstance(each, tracer) for each in arrays)


def constant(array: Array) -> Array:
    """The array as one that derivatives do not look through: NumPy's are imaginary."""
    return np.real(array) if isinstance(array, PLAIN) else sys.modules["jax"].lax.stop_gradient(array)


def log_gamma(array: Array) -> Array:
    """Log Γ, entry by entry."""
    if namespace(array) is np:
        return np.array([math.lgamma(each) for each in np.ravel(array).tolist()]).reshape(np.shape(array))
    from jax.scipy.special import gammaln

    return gammaln(array)


def choose(condition: Array, one: Array, other: Array) -> Array:
    """`one` where the condition holds, else `other`: a condition for each entry along their leading axes."""
    xp = namespace(condition, one, other)
    return xp.where(condition.reshape(condition.shape + (1,) * (one.ndim - condition.ndim)), one, other)

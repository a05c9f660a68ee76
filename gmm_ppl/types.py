"""Array types used in signatures, and the float64 door between NumPy callers and JAX code."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

__all__ = ["Array", "Bool", "Float", "Int", "PRNGKeyArray", "in_float64", "to_numpy"]

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def to_numpy(tree: Answer) -> Answer:
    """The same pytree with every JAX array as a NumPy array; float64 stays float64 outside `jax.enable_x64`."""
    return jax.tree.map(lambda leaf: np.asarray(leaf) if isinstance(leaf, jax.Array) else leaf, tree)


def in_float64(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Run `function` in double precision and hand back NumPy arrays, leaving the caller's JAX settings alone.

    JAX degrades float64 arrays to float32 outside `jax.enable_x64`, so nothing but NumPy arrays may leave.
    """

    @wraps(function)
    def wrapped(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        with jax.enable_x64(True):
            return to_numpy(function(*args, **kwargs))

    return wrapped

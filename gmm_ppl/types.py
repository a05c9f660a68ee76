"""Array types used in signatures, and the float64 door between NumPy callers and JAX code."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import numpy as np

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    # Complex numbers too, whose imaginary parts are derivatives (`mixture.derivatives`).
    from jaxtyping import Bool, Int
    from jaxtyping import Inexact as Float
else:
    # Checking shapes takes jaxtyping, whose import takes a fifth of a small fit's whole process: only tests check them.
    Bool = Float = Int = Annotated

Array = Any
"""NumPy's array outside JAX's programs, JAX's within them: one code serves both, which no static type says well."""

__all__ = ["Array", "Bool", "Float", "Int", "PRNGKeyArray", "in_float64", "to_numpy"]

PRNGKeyArray = Any
"""A random key of JAX's."""

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def to_numpy[Answer](tree: Answer) -> Answer:
    """The same pytree with every JAX array as a NumPy array; float64 stays float64 outside `jax.enable_x64`."""
    import jax

    return jax.tree.map(lambda leaf: np.asarray(leaf) if isinstance(leaf, jax.Array) else leaf, tree)


def in_float64[**Arguments, Answer](function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Run `function` in double precision and hand back NumPy arrays, leaving the caller's JAX settings alone.

    JAX degrades float64 arrays to float32 outside `jax.enable_x64`, so nothing but NumPy arrays may leave.
    """

    @wraps(function)
    def wrapped(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        import jax

        with jax.enable_x64(new_val=True):
            return to_numpy(function(*args, **kwargs))

    return wrapped

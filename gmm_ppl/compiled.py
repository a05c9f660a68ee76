"""`compiled`: JAX's compilation with the options that the pass over the data runs fastest with."""

from collections.abc import Callable, Mapping
from functools import cache, update_wrapper
from typing import Any, ParamSpec, TypeVar

import equinox as eqx
import jax

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

FUSED: Mapping[str, str] = {
    # XLA's CPU backend threads products only. Handing it the arithmetic between two products as well fuses and threads
    # that too: 1.4 times faster at 200 000 × 16, K = 16, on two cores, with the same digits to 1e-15.
    "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_DOT,LIBRARY_FUSION_TYPE_ELTWISE,LIBRARY_FUSION_TYPE_REDUCE",
}


def compiled[**Arguments, Answer](function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """`equinox.filter_jit` of `function` with `compiler_options`; nothing is compiled, or asked of JAX, before the first call."""
    programs: list[Any] = []

    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        if not programs:
            # Equinox hands options on to `jax.jit`, which its type signature does not say.
            jit: Any = eqx.filter_jit
            programs.append(jit(function, compiler_options=compiler_options()))
        return programs[0](*args, **kwargs)

    return update_wrapper(call, function)


@cache
def compiler_options() -> dict[str, str]:
    """Options of XLA that this version of it knows; they change speed, and digits within rounding, never meaning."""
    try:
        jax.jit(lambda: 0, compiler_options=dict(FUSED)).lower().compile()
    except jax.errors.JaxRuntimeError:
        # The option is an experiment of XLA's, which another version may call something else.
        return {}
    return dict(FUSED)

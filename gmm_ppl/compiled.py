"""`compiled`: JAX's compilation with the options that the pass over the data runs fastest with."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cache, update_wrapper
from importlib import import_module
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import monitoring
from threadpoolctl import ThreadpoolController

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

FUSED: Mapping[str, str] = {
    # XLA's CPU backend threads products only. Reductions handed to the same library are fused and threaded too: a softmax
    # over 50 components takes 0.7 of the time. (Elementwise work as well would win another sixth there and lose a third
    # at 64 features, and the library refuses the layouts of some programs.)
    "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_DOT,LIBRARY_FUSION_TYPE_REDUCE",
    # Kernels of one program made one after another: a fit compiles in 0.85 of the time on two cores, since parts cost more
    # than they share out.
    "xla_cpu_parallel_codegen_split_count": "1",
}

QUICK: Mapping[str, str] = {"xla_backend_optimization_level": "0"}
"""LLVM makes no attempt at a faster program then, and compilation takes two thirds of the time."""

FEW = 100_000
"""Numbers in the arguments of a program that runs once, up to which that is the better bargain: standard errors at 5000 × 2,
K = 5, are there after 1.8 s instead of 2.8. At 20 000 × 10, K = 10, running them takes 0.7 s instead of 0.45."""

CHECKED = 25
"""Compilations between two looks at how many memory maps the process has; a fit makes a handful."""

FULLEST = 0.6
"""Share of the maps that Linux allows a process, from which compiled programs are let go."""

new_programs: list[str] = []


def note_program(event: str, duration_secs: float, **_: object) -> None:
    """Remember that something was compiled."""
    if event.endswith("backend_compile_duration"):
        new_programs.append(event)


monitoring.register_event_duration_secs_listener(note_program)


def make_room() -> None:
    """Let compiled programs go where a process is about to have too many.

    XLA's CPU backend keeps three memory maps for each kernel, about a thousand for a fit, and where Linux's 65 530 are used
    up, compiling the next crashes the process: after some sixty fits of different shapes.
    """
    if len(new_programs) < CHECKED:
        return
    new_programs.clear()
    if memory_maps() > FULLEST * allowed_maps():
        jax.clear_caches()


def memory_maps() -> int:
    """How many memory maps the process has; 0 where the system does not say."""
    maps = Path("/proc/self/maps")
    return len(maps.read_bytes().splitlines()) if maps.exists() else 0


def allowed_maps() -> int:
    """How many it may have."""
    limit = Path("/proc/sys/vm/max_map_count")
    return int(limit.read_text(encoding="ascii")) if limit.exists() else 65_530


def compiled[**Arguments, Answer](function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """`equinox.filter_jit` of `function` with `compiler_options`; nothing is compiled, or asked of JAX, before the first call.

    A program that the options do not suit is compiled without them.
    """
    return update_wrapper(_with_options(function, {}), function)


def compiled_once[**Arguments, Answer](function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """`compiled`, of a program that a fit runs once: with small arguments it is made to compile fast rather than to run fast."""
    quick, thorough = _with_options(function, QUICK), _with_options(function, {})

    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        numbers = sum(leaf.size for leaf in jax.tree.leaves((args, kwargs)) if isinstance(leaf, np.ndarray | jax.Array))
        return (quick if numbers <= FEW else thorough)(*args, **kwargs)

    return update_wrapper(call, function)


def _with_options[**Arguments, Answer](
    function: Callable[Arguments, Answer], options: Mapping[str, str]
) -> Callable[Arguments, Answer]:
    # Equinox hands options on to `jax.jit`, which its type signature does not say.
    jit: Any = eqx.filter_jit
    programs: list[Any] = []

    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        if not programs:
            programs.append(jit(function, compiler_options={**compiler_options(), **options}))
        try:
            return programs[0](*args, **kwargs)
        except jax.errors.JaxRuntimeError as error:
            if "fusion" not in str(error):
                raise
            programs[0] = jit(function)
            return programs[0](*args, **kwargs)

    return call


def mapped(function: Callable[[Any], Any], each: Any, *, together: int) -> Any:
    """`function` of every entry along the leading axes of `each`, at most `together` side by side.

    The last batch is filled up with entries that were done, where `jax.lax.map` compiles a second program for what is left.
    """
    count = jax.tree.leaves(each)[0].shape[0]
    size = min(together, count)
    if size == 1:
        return jax.lax.map(function, each)
    batches = -(-count // size)

    def batched(leaf: Any) -> Any:
        whole = jnp.concatenate([leaf, leaf[: batches * size - count]])
        return whole.reshape(batches, size, *leaf.shape[1:])

    answers = jax.lax.map(jax.vmap(function), jax.tree.map(batched, each))
    return jax.tree.map(lambda leaf: leaf.reshape(batches * size, *leaf.shape[2:])[:count], answers)


@cache
def compiler_options() -> dict[str, str]:
    """Options of XLA that this version of it knows; they change speed, and digits within rounding, never meaning."""
    try:
        jax.jit(lambda: 0, compiler_options=dict(FUSED)).lower().compile()
    except jax.errors.JaxRuntimeError:
        # The option is an experiment of XLA's, which another version may call something else.
        return {}
    return dict(FUSED)


def one_blas_thread() -> AbstractContextManager:
    """LAPACK, which XLA calls for factors of small matrices, on one thread; the caller's setting comes back at the end.

    Its other threads would spin for tens of milliseconds after each call, on the cores that XLA's own threads need: at
    20 000 × 64, K = 32 a step took twice as long.
    """
    return blas().limit(limits=1, user_api="blas")


@cache
def blas() -> ThreadpoolController:
    """The BLAS libraries of the process."""
    # XLA calls SciPy's, which has to be loaded to be found; here, because that takes a third of a second.
    import_module("scipy.linalg.cython_lapack")
    return ThreadpoolController()

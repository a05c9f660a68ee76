"""The machine in words: processor, system, versions, and how fast it multiplies matrices. No names of hosts, no paths."""

import os
import platform
import statistics
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
import numpy as np

from tests.benchmarks.harness import seconds
from tests.benchmarks.peers import mclust

LIBRARIES = ("gmm_ppl", "jax", "jaxlib", "numpy", "numpyro", "blackjax", "scikit-learn", "gmmx")


def describe(*, quick: bool) -> dict[str, Any]:
    """All of it."""
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory, GB": memory(),
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "versions": {**{name: version(name) for name in LIBRARIES}, "mclust": mclust.version() or "not there"},
        "load at the start (processes that run or wait)": load(),
        "product of matrices, GFLOP/s": product_rates(quick=quick),
        "quick": quick,
    }


def processor() -> str:
    """The model's name as Linux tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def memory() -> float | None:
    """Of the machine, where it says."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (ValueError, OSError):
        return None


def load() -> float | None:
    """Average of the last minute: what else was going on."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def version(name: str) -> str:
    """Installed version of a distribution."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not there"


def product_rates(*, quick: bool) -> dict[str, float]:
    """GFLOP/s of a 2048³ product in double precision, by XLA and by NumPy: what one EM step is held against."""
    size = 256 if quick else 2048
    a = np.random.default_rng(0).normal(size=(size, size))
    with jax.enable_x64(True):
        b, multiply = jax.device_put(a), jax.jit(lambda left, right: left @ right)
        multiply(b, b).block_until_ready()
        by_xla = [seconds(lambda: multiply(b, b).block_until_ready()) for _ in range(9)]
    by_numpy = [seconds(lambda: a @ a) for _ in range(9)]
    return {name: 2e-9 * size**3 / statistics.median(times) for name, times in (("XLA", by_xla), ("NumPy", by_numpy))}

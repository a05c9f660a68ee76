"""JAX's persistent compilation cache for the command line: a second run need not compile what the first one did."""

import hashlib
import os
import platform
import sys
from pathlib import Path

VARIABLE = "GMM_PPL_CACHE"
OFF = {"off", "no", "0", "false"}


def use_cache() -> Path | None:
    """Let JAX keep compiled programs in the user's cache directory, and return where.

    The environment variable `GMM_PPL_CACHE` names another directory, or is `off`; None is returned then. So it is where
    nothing can be written, and where the user has given JAX a cache of their own.
    """
    directory = cache_directory()
    if directory is None or "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return None
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    if not os.access(directory, os.W_OK):
        return None
    import jax

    jax.config.update("jax_compilation_cache_dir", str(directory))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return directory


def cache_directory() -> Path | None:
    """Where compiled programs are kept, or None if the user wants no cache."""
    setting = os.environ.get(VARIABLE, "").strip()
    if setting.lower() in OFF:
        return None
    return Path(setting).expanduser() if setting else _user_cache() / "gmm_ppl" / f"jax-{_processor()}"


def _user_cache() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    given = os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else os.environ.get("XDG_CACHE_HOME")
    return Path(given) if given else Path.home() / ".cache"


def _processor() -> str:
    """A name for this kind of processor: what is compiled for one may not run on another with the same home."""
    features = f"{platform.machine()} {platform.processor()}"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        features += next((line for line in cpuinfo.read_text().splitlines() if line.startswith(("flags", "Features"))), "")
    return hashlib.sha256(features.encode()).hexdigest()[:12]

"""JAX's persistent compilation cache for the command line: a second run need not compile what the first one did."""

import hashlib
import os
import platform
import sys
import warnings
from pathlib import Path
from typing import Any

from gmm_ppl.imports import when_imported

VARIABLE = "GMM_PPL_CACHE"
OFF = {"off", "no", "0", "false"}
MOST_BYTES = 256 * 2**20
"""Above this the programs that were used longest ago are forgotten. One takes 10 to 300 kB."""
ENTRIES = "*-cache"
"""JAX's own names: nothing else in the directory is touched."""


def use_cache() -> Path | None:
    """Let JAX keep compiled programs in the user's cache directory, and return where.

    The environment variable `GMM_PPL_CACHE` names another directory, or is `off`; None is returned then. So it is where
    nothing can be written, and where the user has given JAX a cache of their own.
    """
    try:
        directory = cache_directory()
    except RuntimeError:
        # Nobody knows where the user's home is.
        return None
    if directory is None or "JAX_COMPILATION_CACHE_DIR" in os.environ or not _usable(directory):
        return None
    # Once somebody imports JAX, which a fit of small data does not.
    when_imported("jax", lambda jax: configure(jax, directory))
    # A disk that fills up, or an entry that another run forgets meanwhile, costs a compilation and nothing else.
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache entry")
    return directory


def configure(jax: Any, directory: Path) -> None:
    """Let JAX keep compiled programs in a directory that does not grow without end."""
    forget_oldest(directory, MOST_BYTES)
    jax.config.update("jax_compilation_cache_dir", str(directory))
    # Small programs as well: each takes longer to compile than to read.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def cache_directory() -> Path | None:
    """Where compiled programs are kept, or None if the user wants no cache."""
    setting = os.environ.get(VARIABLE, "").strip()
    if setting.lower() in OFF:
        return None
    return Path(setting).expanduser() if setting else _user_cache() / "gmm_ppl" / f"jax-{_processor()}"


def forget_oldest(directory: Path, most: int) -> None:
    """Remove the entries used longest ago, as far as the file system knows, until half of `most` bytes are left.

    Nothing is removed below `most`. JAX could do this itself (`jax_compilation_cache_max_size`), but only with the package
    `filelock`, and by looking at every entry each time that one is added.
    """
    entries = sorted(((path, *_used(path)) for path in directory.glob(ENTRIES)), key=lambda entry: entry[1])
    size = sum(each for *_, each in entries)
    if size <= most:
        return
    for path, _, each in entries:
        if size <= most / 2:
            break
        path.unlink(missing_ok=True)
        size -= each


def _used(path: Path) -> tuple[float, int]:
    """When an entry was last read or written, and its bytes; an entry that is gone by now is old and empty."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0.0, 0
    return max(found.st_atime, found.st_mtime), found.st_size


def _usable(directory: Path) -> bool:
    """Whether the directory is there, or could be made, and can be written to; others need not read it."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(directory, os.W_OK | os.X_OK)


def _user_cache() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    given = Path(os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", ""))
    # A relative path is to be ignored, says the XDG specification.
    return given if given.is_absolute() else Path.home() / ".cache"


def _processor() -> str:
    """A name for this kind of processor: what is compiled for one may not run on another with the same home."""
    # `platform.processor` would start a process to ask.
    features = f"{platform.machine()} {os.environ.get('PROCESSOR_IDENTIFIER', '')}"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        features += next((line for line in cpuinfo.read_text().splitlines() if line.startswith(("flags", "Features"))), "")
    return hashlib.sha256(features.encode()).hexdigest()[:12]

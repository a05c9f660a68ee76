"""What a run was made with: versions, device, platform, git revision."""

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("gmm_ppl", "jax", "jaxlib", "numpyro", "blackjax", "arviz", "xarray", "numpy", "scipy")
SECONDS_FOR_GIT = 10


def versions() -> dict[str, str]:
    """Versions of Python and of every package that a number of the run depends on."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def device() -> dict[str, Any]:
    """What was computed on: the platform, the model of the device, and how many there are.

    JAX's where it was imported, and else the processor, by the names that JAX has for it.
    """
    if "jax" not in sys.modules:
        return {"platform": "cpu", "kind": "cpu", "count": 1}
    import jax

    devices = jax.devices()
    return {"platform": devices[0].platform, "kind": devices[0].device_kind, "count": len(devices)}


def operating_system() -> str:
    """Name of the operating system and processor architecture."""
    return f"{platform.system()} {platform.machine()}"


def git_revision(folder: Path) -> dict[str, Any] | None:
    """The commit of the repository around `folder` and whether tracked files differ from it; None outside of git."""
    revision = _git(folder, "rev-parse", "HEAD")
    if not revision:
        return None
    return {"revision": revision, "modified": bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))}


def _git(folder: Path, *words: str) -> str:
    """What git says, or nothing where it is not installed, slow, or not in a repository."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        answer = subprocess.run(
            ["git", *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS_FOR_GIT
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""

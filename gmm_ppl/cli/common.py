"""What several commands do before and after their work."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gmm_ppl.errors import InputError
from gmm_ppl.runs import render

__all__ = ["directories_of", "jobs_of", "keep_compiled_programs", "render", "see_modules_here", "task_of", "typed_command"]

if TYPE_CHECKING:
    from gmm_ppl.experiment.build import Task
    from gmm_ppl.experiment.sweep.plan import SweepPlan


def task_of(config: Path, settings: Sequence[str] | None) -> "Task":
    """Read and check the config of one experiment."""
    from gmm_ppl.experiment.build import build
    from gmm_ppl.experiment.loading import load

    see_modules_here()
    return build(load(config, settings or ()))


def directories_of(names: Sequence[str], out: Path | None) -> list[Path]:
    """Where each experiment or sweep is to be written: no two into one directory."""
    if out is not None and len(names) > 1:
        raise InputError("--out names the directory of one run; give one config with it, or leave it away")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InputError(f"two configs are named {twice[0]} and would write one directory; change `name` in one of them")
    return [out or Path("reports") / name for name in names]


def jobs_of(configs: Sequence[Path], settings: Sequence[str] | None) -> "list[Task | SweepPlan]":
    """What each config stands for: a task, or a sweep of them; all are checked before anything is run."""
    from gmm_ppl.experiment.sweep.plan import job

    see_modules_here()
    return [job(config, settings or ()) for config in configs]


def see_modules_here() -> None:
    """A prior may name a function in a module beside the user, where `python -m` would find it."""
    sys.path.insert(0, os.getcwd())


def keep_compiled_programs() -> None:
    """Use the cache of compiled programs."""
    from gmm_ppl.experiment.cache import use_cache

    use_cache()


def typed_command() -> str:
    """What the user typed, for records."""
    import shlex

    return shlex.join(["gmm-ppl", *sys.argv[1:]])

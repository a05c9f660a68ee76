"""`run`: what `gmm-ppl run` does, for scripts."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gmm_ppl.errors import FitError
from gmm_ppl.progress import Progress, watched

if TYPE_CHECKING:
    import xarray as xr


def run(
    config: str | os.PathLike[str],
    *,
    settings: Mapping[str, object] | Sequence[str] = (),
    out: str | os.PathLike[str] | None = None,
    force: bool = False,
    workers: int | None = None,
    backend: str = "loky",
    resume: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Run an experiment, or a sweep of them, and return its directory, which `load` and `compare` take.

    As `gmm-ppl run` does it: what is there already, with the same config, data and version, is not run again, and a directory
    appears only once it is whole.

    Args:
        config: a YAML file.
        settings: keys to override, `{"em.starts": 5}` or `["em.starts=5"]`.
        out: the directory; `reports/NAME` if None.
        force: run again what is there.
        workers: of a sweep, how many processes; one a processor if None. A script that has a sweep run by several of them needs
            an `if __name__ == "__main__":`, as all that start processes do.
        backend: of a sweep: loky, dask or ray.
        resume: of a sweep: try runs again that failed.
        progress: called as the work goes on; bars on a terminal if None.

    Raises:
        InputError: whatever is wrong with the config, its data, or the place to write to.
        FitError: the fit failed; of a sweep, some of its runs did, and all others are there.
    """
    # Here, so that the command line, which has `render` from this file, answers `--help` at once.
    from gmm_ppl.experiment.build import Task
    from gmm_ppl.experiment.execute import run as execute
    from gmm_ppl.experiment.sweep.plan import job
    from gmm_ppl.experiment.sweep.run import sweep

    asked = job(Path(config), as_words(settings))
    directory = Path("reports") / asked.name if out is None else Path(out)
    with watched(progress) as shown:
        if isinstance(asked, Task):
            return execute(asked, directory, render=render, force=force, progress=shown).directory
        options = {"workers": workers, "backend": backend, "resume": resume, "force": force}
        found = sweep(asked, directory, render=render, progress=shown, **options)
    if found.failed:
        named = "; ".join(f"{each.run.address}: {each.message}" for each in found.failed)
        raise FitError(f"{found.message}. Failed: {named}. resume=True tries them again.")
    return found.directory


def as_words(settings: Mapping[str, object] | Sequence[str]) -> list[str]:
    """Settings as the command line has them."""
    if isinstance(settings, Mapping):
        return [f"{key}={json.dumps(value)}" for key, value in settings.items()]
    return [settings] if isinstance(settings, str) else list(settings)


def render(directory: Path, tree: "xr.DataTree", formats: tuple[str, ...]) -> object:
    """Write the report of a run; matplotlib is imported only here, after the fit."""
    from gmm_ppl.report.run import render_run

    return render_run(directory, tree, formats)

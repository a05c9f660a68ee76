"""Make the report of a finished run anew, from its results file alone."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.formats import FORMATS, Render
from gmm_ppl.experiment.json_file import write_json
from gmm_ppl.experiment.lock import locked
from gmm_ppl.experiment.store import MANIFEST, outputs_of, read_manifest
from gmm_ppl.results.store import RESULTS, load


def rebuild(directory: Path, *, render: Render) -> list[Path]:
    """Write the report of `directory/results.nc` into `directory`; returns what was written.

    Formats are those that stand there already, or all. Each file is replaced as a whole, and a manifest brought up to
    date.

    Raises:
        InputError: there is no such directory, no results file in it, or one that cannot be read.
    """
    tree = load(_results_in(directory))
    formats = tuple(name for name in FORMATS if (directory / f"report.{name}").exists()) or FORMATS
    with locked(directory), tempfile.TemporaryDirectory(prefix=".report-", dir=directory) as scratch:
        render(Path(scratch), tree, formats)
        written = [_move(path, directory / path.name) for path in sorted(Path(scratch).iterdir())]
        manifest = read_manifest(directory)
        if manifest:
            outputs = _outputs(directory, manifest, {path.name for path in written})
            write_json(Path(scratch) / MANIFEST, {**manifest, "outputs": outputs})
            _move(Path(scratch) / MANIFEST, directory / MANIFEST)
    return written


def _outputs(directory: Path, manifest: dict[str, Any], written: set[str]) -> dict[str, Any]:
    """What the manifest lists from now on: its own files and those just written, but none that a user has put there."""
    ours = set(manifest["outputs"])
    return {name: output for name, output in outputs_of(directory).items() if name in ours or name.partition("/")[0] in written}


def _results_in(directory: Path) -> Path:
    if not directory.is_dir():
        raise InputError(f"{directory}: there is no such directory; give the directory of a run, such as reports/faithful")
    if not (directory / RESULTS).is_file():
        raise InputError(f"{directory}: there is no {RESULTS} in it; give the directory of a finished run")
    return directory / RESULTS


def _move(source: Path, target: Path) -> Path:
    """Put a file or a directory in the place of another."""
    if target.is_dir():
        shutil.rmtree(target)
    os.replace(source, target)
    return target

"""The run directory: written beside its place and renamed into it, so that what stands there is always whole.

A run fills a hidden sibling, `.NAME.partial-XXXX`. Its manifest is written last; then everything is flushed to disk and
the sibling takes its place by a rename. Whatever a killed run leaves is hidden, has no manifest, and is removed by the
next run of the same name.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.hashing import sha256_of_file
from gmm_ppl.experiment.lock import locked
from gmm_ppl.experiment.words import listed

MANIFEST = "manifest.json"
COMPLETE = "complete"
INTERRUPTED = "interrupted"
"""Of a run whose sampler was stopped: whole files of fewer draws. The same command does it again."""

FORMAT = 1
"""Of the manifest: a change of what its keys mean is another number."""


@contextmanager
def replacing(directory: Path) -> Iterator[Path]:
    """A hidden directory to fill; when the context ends well it becomes `directory`, else it vanishes.

    What stood there before stays whole until then.

    Raises:
        InputError: another run is writing there, or `directory` holds what this program did not write.
    """
    with locked(directory):
        recover(directory)
        refuse_foreign(directory)
        partial = Path(tempfile.mkdtemp(prefix=f".{directory.name}.partial-", dir=directory.parent))
        try:
            yield partial
            _publish(partial, directory)
        finally:
            recover(directory)


def recover(directory: Path) -> None:
    """Clear away what a run that did not end well left beside `directory`; needs its lock.

    A kill between the two renames of a replacement leaves the old directory under its hidden name: it is put back.
    """
    for old in directory.parent.glob(f".{directory.name}.old-*"):
        if not directory.exists() and read_manifest(old):
            old.rename(directory)
    for pattern in (f".{directory.name}.old-*", f".{directory.name}.partial-*"):
        for stale in directory.parent.glob(pattern):
            shutil.rmtree(stale, ignore_errors=True)


def read_manifest(directory: Path) -> dict[str, Any] | None:
    """The manifest of a run, finished or interrupted, or None where there is none that this program could have written."""
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    ours = isinstance(manifest, dict) and isinstance(manifest.get("outputs"), dict)
    return manifest if ours and manifest.get("status") in (COMPLETE, INTERRUPTED) else None


def refuse_foreign(directory: Path) -> None:
    """Refuse a place that holds anything but a run of ours.

    Raises:
        InputError: `directory` is a file, a directory with other content, or a run to which files were added.
    """
    if directory.is_dir():
        manifest = read_manifest(directory)
        strangers = sorted(set(_visible_files(directory)) - {MANIFEST, *(manifest or {}).get("outputs", ())})
        if manifest is None and any(directory.iterdir()):
            raise InputError(
                f"{directory}: there are files here that are no run of gmm-ppl; choose another --out, or move them away"
            )
        if strangers:
            raise InputError(
                f"{directory}: would delete files that the run did not make: {listed(strangers[:5])}; move them away"
            )
    elif directory.exists() or directory.is_symlink():
        raise InputError(f"{directory}: expected a directory, found a file; choose another --out")


def altered(directory: Path, manifest: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The outputs of a finished run that are missing, and those whose content is no longer what was written."""
    missing = [name for name in manifest["outputs"] if not (directory / name).is_file()]
    present = [name for name in manifest["outputs"] if name not in missing]
    changed = [name for name in present if sha256_of_file(directory / name) != manifest["outputs"][name].get("sha256")]
    return missing, changed


def outputs_of(directory: Path) -> dict[str, dict[str, Any]]:
    """Size in bytes and SHA-256 of every file of a run, the manifest excepted, by its name in the directory."""
    return {
        name: {"bytes": (directory / name).stat().st_size, "sha256": sha256_of_file(directory / name)}
        for name in sorted(_visible_files(directory))
        if name != MANIFEST
    }


def _visible_files(directory: Path) -> Iterator[str]:
    for path in directory.rglob("*"):
        name = path.relative_to(directory)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            yield name.as_posix()


def _publish(partial: Path, directory: Path) -> None:
    partial.chmod(0o777 & ~_umask())
    for path in [*partial.rglob("*"), partial]:
        _flush(path)
    if directory.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{directory.name}.old-", dir=directory.parent))
        directory.rename(old)
        partial.rename(directory)
        shutil.rmtree(old)
    else:
        partial.rename(directory)
    _flush(directory.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

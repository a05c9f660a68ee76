"""One writer at a time for a run directory.

The kernel holds the lock (`flock`) and lets go of it when its process dies, however it dies: no stale lock is possible.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gmm_ppl.errors import InputError


class LockedError(InputError):
    """Another process holds the lock."""


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the lock of `directory`, which need not exist; its parents are made, and removed if left empty.

    Raises:
        LockedError: another process holds it.
        InputError: the place cannot be written to.
    """
    made = _make_parents(directory)
    path = directory.with_name(f".{directory.name}.lock")
    try:
        descriptor = _acquire(path, directory)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            os.close(descriptor)
    finally:
        for parent in made:
            with suppress(OSError):
                parent.rmdir()


def _make_parents(directory: Path) -> list[Path]:
    """Make the missing parents of a directory; returns those that were missing, innermost first."""
    missing = [parent for parent in directory.parents if not parent.exists()]
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{directory}: cannot be written: {error.strerror} ({error.filename}); choose another --out") from None
    return missing


def _acquire(path: Path, directory: Path) -> int:
    while True:
        descriptor = _open(path, directory)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise LockedError(
                f"{directory}: another run (process {holder}) is writing it; wait for that, or choose another --out"
            ) from None
        if _still_there(descriptor, path):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            return descriptor
        os.close(descriptor)


def _open(path: Path, directory: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise InputError(f"{directory}: cannot be written: {error.strerror}; choose another --out") from None


def _still_there(descriptor: int, path: Path) -> bool:
    """Whether the locked file is the one at `path`: its last holder may have removed it just before we had it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False

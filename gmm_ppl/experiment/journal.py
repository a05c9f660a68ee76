"""The log of a run: every line and every warning of the package, with its time, in a file."""

import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gmm_ppl.errors import FitWarning

LOGGER = logging.getLogger("gmm_ppl")


@contextmanager
def journal(path: Path) -> Iterator[None]:
    """Write what the package logs and warns about to `path` for as long as the context lasts.

    Other handlers of the logger `gmm_ppl` (the command line's, say) see the same lines.
    """
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(_formatter())
    level = LOGGER.level
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", FitWarning)
            warnings.showwarning = _log_warning
            yield
    finally:
        LOGGER.setLevel(level)
        LOGGER.removeHandler(handler)
        handler.close()


def _formatter() -> logging.Formatter:
    formatter = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", datefmt="%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    return formatter


def _log_warning(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object) -> None:
    place = "" if issubclass(category, FitWarning) else f" ({category.__name__}, {Path(filename).name}:{lineno})"
    LOGGER.warning("%s%s", message, place)

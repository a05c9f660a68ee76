"""Where the paths in a config point."""

from pathlib import Path


def data_file(given: str, config: Path) -> Path:
    """A data file, made absolute if it is there: beside the config, or else from the working directory."""
    path = Path(given).expanduser()
    beside = config.parent / path
    found = path if path.exists() and not beside.exists() else beside
    return found.absolute() if found.exists() else found

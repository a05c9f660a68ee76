"""Whether a directory already holds the run that a config asks for.

`unchanged` tells it from bytes, before the config is validated or anything heavy is imported: the same bytes were valid when
they were run. What it cannot tell (a comment was added, a default spelled out) is left to the fingerprint of the run.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gmm_ppl.experiment.hashing import sha256_of_bytes, sha256_of_file
from gmm_ppl.experiment.overrides import apply
from gmm_ppl.experiment.paths import data_file
from gmm_ppl.experiment.source import Source
from gmm_ppl.experiment.store import COMPLETE, FORMAT, altered, read_manifest
from gmm_ppl.experiment.sweep.names import RUNS, read_state
from gmm_ppl.experiment.words import listed
from gmm_ppl.experiment.yaml_file import read


@dataclass(frozen=True)
class Finished:
    """A run directory that needs no work, and a sentence that says so."""

    directory: Path
    message: str


def all_unchanged(configs: Sequence[Path], settings: Sequence[str], out: Path | None) -> list[Finished]:
    """`unchanged` of every config; nothing where one has to be run, or two would share a directory."""
    found = [each for each in (unchanged(config, settings, out) for config in configs) if each]
    return found if len({each.directory for each in found}) == len(configs) else []


def unchanged(config: Path, settings: Sequence[str] = (), out: Path | None = None) -> Finished | None:
    """The finished run of a config whose bytes, settings, data and version are those of the run; None where in doubt.

    Arguments:
        config: the YAML file.
        settings: `key.path=value`, as `loading.load` takes them.
        out: the run directory; `reports/NAME` if None.

    Raises:
        InputError: the config cannot be read, or a setting is none.
    """
    source = apply(read(config), settings)
    name = source.values.get("name")
    if source.problems or not isinstance(name, str):
        return None
    directory = out or Path("reports") / name
    if source.values.get("sweep") is not None:
        return _unchanged_sweep(source, config, directory)
    found = read_manifest(directory)
    if found is None or not _made_from(found, source, config):
        return None
    message = finished(directory, found)
    return Finished(directory, message) if message else None


def _unchanged_sweep(source: Source, config: Path, directory: Path) -> Finished | None:
    """A sweep of which every run is whole, where its data are in one place."""
    state = read_state(directory)
    data = source.values.get("data")
    same = state is not None and state.get("format") == FORMAT and state.get("version") == version("gmm_ppl")
    if not same or state is None or state.get("config") != config_record(source) or not isinstance(data, dict):
        return None
    found = {address: read_manifest(directory / RUNS / address) for address in state["runs"]}
    whole = all(manifest and finished(directory / RUNS / address, manifest) for address, manifest in found.items())
    swept = any(key.startswith("data") for run in state["runs"].values() for key in run["settings"])
    # All runs have one record of the data then: they are looked at once.
    recorded = {json.dumps(manifest["data"], sort_keys=True): manifest["data"] for manifest in found.values() if manifest}
    if not whole or swept or not all(_same_data(each, data, config) for each in recorded.values()):
        return None
    message = f"{directory}: nothing to do, all {len(found)} runs are there; --force runs them again"
    return Finished(directory, message)


def finished(directory: Path, manifest: dict[str, Any]) -> str | None:
    """What to say of a directory with this manifest, which is that of the run asked for; None where there is work left to do:
    the sampler was interrupted, or a file is lost.
    """
    if manifest["status"] != COMPLETE:
        return None
    missing, changed = altered(directory, manifest)
    if missing:
        return None
    if changed:
        return f"{directory}: nothing to do, but {listed(changed)} changed since the run; --force makes it anew"
    return f"{directory}: nothing to do, config, data and version are those of the run there; --force runs it again"


def config_record(source: Source) -> dict[str, Any]:
    """What a manifest says of the config it was made from."""
    return {"file": Path(source.name).name, "sha256": sha256_of_bytes(source.content), "set": list(source.settings)}


def _made_from(manifest: dict[str, Any], source: Source, config: Path) -> bool:
    same_program = manifest.get("format") == FORMAT and manifest.get("versions", {}).get("gmm_ppl") == version("gmm_ppl")
    if not same_program or manifest.get("config") != config_record(source):
        return False
    return _same_data(manifest.get("data", {}), source.values["data"], config)


def _same_data(recorded: dict[str, Any], data: dict[str, Any], config: Path) -> bool:
    """Whether the rows are those of the record: by the bytes of a file, by the values of a bundled data set."""
    if data.get("path") is not None:
        path = data_file(data["path"], config)
        return path.is_file() and recorded.get("file_sha256") == sha256_of_file(path)
    from gmm_ppl.data import as_table, datasets, fingerprint

    return recorded.get("sha256") == fingerprint(as_table(datasets.load(data["dataset"]), columns=data.get("columns")))

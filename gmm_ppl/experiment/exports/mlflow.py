"""Finished runs into MLflow's store, so that they stand beside others there."""

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.fields import flattened
from gmm_ppl.experiment.store import MANIFEST, read_manifest

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "gmm_ppl"
FINGERPRINT = "gmm_ppl.fingerprint"
"""The tag by which a run is known again."""
LONGEST = 6000
"""Characters of a parameter that MLflow keeps."""


def to_mlflow(directories: Sequence[Path], store: str) -> list[str]:
    """Write runs into an MLflow store: resolved config as parameters, `metrics.json` as metrics, all files as artifacts.

    A run that is there already, by its fingerprint, is left as it is.

    Arguments:
        directories: of finished runs.
        store: MLflow's tracking address, such as `sqlite:///mlflow.db`, which is made if it is not there.

    Returns:
        A sentence on each run.

    Raises:
        InputError: MLflow is not installed, or a directory holds no finished run.
    """
    manifests = [_manifest(directory) for directory in directories]
    client = _client(store)
    known = client.get_experiment_by_name(EXPERIMENT)
    experiment = known.experiment_id if known else client.create_experiment(EXPERIMENT)
    return [_export(client, experiment, directory, found) for directory, found in zip(directories, manifests, strict=True)]


def _client(store: str) -> "MlflowClient":
    # Nothing is to be sent anywhere but to the store.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        import sqlalchemy  # noqa: F401  # pyright: ignore[reportMissingImports]
        from mlflow import MlflowClient
    except ImportError:
        raise InputError("exporting to MLflow needs it: install it with pip install 'gmm_ppl[mlflow]'.") from None
    return MlflowClient(tracking_uri=store)


def _export(client: "MlflowClient", experiment: str, directory: Path, manifest: dict[str, Any]) -> str:
    fingerprint = str(manifest["fingerprint"])
    there = client.search_runs([experiment], f"tags.`{FINGERPRINT}` = '{fingerprint}'", max_results=1)
    if there:
        return f"{directory}: is there already, as {there[0].info.run_id}"
    tags = {"mlflow.runName": str(manifest["name"]), FINGERPRINT: fingerprint, **_tags(manifest)}
    run = client.create_run(experiment, start_time=_milliseconds(manifest["started_at"]), tags=tags).info.run_id
    for name, value in flattened(yaml.safe_load((directory / "config.resolved.yaml").read_text(encoding="utf-8"))):
        client.log_param(run, name, str(value)[:LONGEST])
    for name, value in flattened(json.loads((directory / "metrics.json").read_text(encoding="utf-8"))):
        if isinstance(value, int | float):
            client.log_metric(run, name, float(value))
    client.log_artifacts(run, str(directory))
    client.set_terminated(run, end_time=_milliseconds(manifest["finished_at"]))
    return f"{directory}: {run}"


def _manifest(directory: Path) -> dict[str, Any]:
    manifest = read_manifest(directory)
    if manifest is None or "fingerprint" not in manifest:
        raise InputError(f"{directory}: expected the directory of a finished run, with a {MANIFEST} in it")
    return manifest


def _tags(manifest: dict[str, Any]) -> dict[str, str]:
    git = manifest.get("git") or {}
    found = {"mlflow.source.git.commit": git.get("revision"), "mlflow.source.name": manifest.get("command")}
    found |= {f"version.{name}": value for name, value in manifest.get("versions", {}).items()}
    return {name: str(value) for name, value in found.items() if value}


def _milliseconds(when: str) -> int:
    return int(datetime.fromisoformat(when).timestamp() * 1000)

"""What a run writes down about itself: enough to repeat it, and to know later whether anything has changed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gmm_ppl.data import fingerprint as fingerprint_of_table
from gmm_ppl.experiment.build import Task
from gmm_ppl.experiment.clock import Clock
from gmm_ppl.experiment.config import ExperimentConfig
from gmm_ppl.experiment.hashing import sha256_of_file, sha256_of_json
from gmm_ppl.experiment.loading import resolved
from gmm_ppl.experiment.provenance import device, git_revision, operating_system, versions
from gmm_ppl.experiment.store import COMPLETE, FORMAT, INTERRUPTED, outputs_of
from gmm_ppl.experiment.unchanged import config_record


def seeds_of(config: ExperimentConfig) -> dict[str, int]:
    """The seed of each stage: consecutive numbers, so that a run can be repeated by hand."""
    return {"em": config.seed, "mcmc": config.seed + 1, "results": config.seed + 2, "bootstrap": config.seed + 3}


def fingerprint_of(task: Task) -> str:
    """Equal for two runs exactly if config, data and version are; a data file's place and name do not count."""
    config = resolved(task.experiment.config)
    config["data"] = {"sha256": fingerprint_of_table(task.table), "source": task.table.source}
    return sha256_of_json({"format": FORMAT, "config": config, "version": versions()["gmm_ppl"]})


def record_of(task: Task, command: str) -> dict[str, Any]:
    """Everything known before the work begins."""
    config, source = task.experiment.config, task.experiment.source
    return {
        "name": config.name,
        "started_at": _now(),
        "command": command,
        "config": config_record(source),
        "data": _data(task),
        "seeds": seeds_of(config),
        "versions": versions(),
        "precision": "float64",
        "platform": operating_system(),
        "git": git_revision(Path(source.name).resolve().parent),
    }


def manifest(record: dict[str, Any], fingerprint: str, clock: Clock, directory: Path, *, whole: bool = True) -> dict[str, Any]:
    """The last file of a run: the record, what it was computed on, how long it took, and the hash of every other file."""
    timings = {**clock.seconds, "total": round(clock.total, 3)}
    return {
        "format": FORMAT,
        "status": COMPLETE if whole else INTERRUPTED,
        **record,
        "device": device(),
        "finished_at": _now(),
        "timings": timings,
        "fingerprint": fingerprint,
        "outputs": outputs_of(directory),
    }


def _data(task: Task) -> dict[str, Any]:
    table, path = task.table, task.experiment.config.data.path
    known = {
        "source": table.source,
        "rows": len(table),
        "features": list(table.features),
        "sha256": fingerprint_of_table(table),
        **({"remarks": list(table.remarks)} if table.remarks else {}),
    }
    return known if path is None else {**known, "file_sha256": sha256_of_file(Path(path))}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

"""What a sweep is to do: its tasks, built and checked, and the directory that each one's content gives it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gmm_ppl.data import Table
from gmm_ppl.data import fingerprint as fingerprint_of_table
from gmm_ppl.errors import InputError
from gmm_ppl.experiment.build import Task, build, read_table
from gmm_ppl.experiment.hashing import sha256_of_json
from gmm_ppl.experiment.loading import Experiment, resolved
from gmm_ppl.experiment.overrides import apply
from gmm_ppl.experiment.sweep.grid import Point, points
from gmm_ppl.experiment.unchanged import config_record
from gmm_ppl.experiment.yaml_file import read

LONGEST = 60
"""Characters of an address before its hash."""
DIGITS = 8
"""Of the hash in an address: two of a thousand runs are mixed up once in ten thousand sweeps, and then refused."""


@dataclass(frozen=True)
class Planned:
    """A run of a sweep: what it is called, what it differs in, and all it needs to be run."""

    address: str
    settings: dict[str, Any]
    task: Task


@dataclass(frozen=True)
class SweepPlan:
    """A sweep's name, the text of its config, what a record says of that, and its runs."""

    name: str
    content: bytes
    config: dict[str, Any]
    runs: tuple[Planned, ...]


def plan(path: Path, settings: Sequence[str] = ()) -> SweepPlan:
    """Read and check a whole sweep before anything of it is run.

    Raises:
        InputError: whatever is wrong with any of its runs, or two of them are the same.
    """
    found = points(path, settings)
    tables: dict[str, Table] = {}
    runs = tuple(_planned(point, tables) for point in found)
    _refuse_twins(runs)
    source = apply(read(path), settings)
    return SweepPlan(found[0].experiment.config.name, source.content, config_record(source), runs)


def _planned(point: Point, tables: dict[str, Table]) -> Planned:
    source = sha256_of_json(resolved(point.experiment.config)["data"])
    if source not in tables:
        tables[source] = read_table(point.experiment)
    task = build(point.experiment, tables[source])
    address = address_of(task, point.settings)
    named = point.experiment.config.model_copy(update={"name": address})
    return Planned(address, point.settings, Task(Experiment(named, point.experiment.source), task.table, task.mixture))


def address_of(task: Task, settings: dict[str, Any]) -> str:
    """What a run differs in, and the hash of all it is made from: the config, its name apart, and the values of the data.

    The same content has the same address, wherever its sweep stands and whatever else is in it.
    """
    config = {key: value for key, value in resolved(task.experiment.config).items() if key not in ("name", "data")}
    config["data"] = fingerprint_of_table(task.table)
    words = "_".join(_word(key, value) for key, value in settings.items())[:LONGEST].rstrip("._-")
    return "_".join(filter(None, [words, sha256_of_json(config)[:DIGITS]]))


def _word(key: str, value: Any) -> str:
    """`components-3`."""
    named = value.get("kind", value.get("sampler")) if isinstance(value, dict) else value
    shown = named if isinstance(named, str | int | float) else sha256_of_json(value)[:4]
    return re.sub(r"[^\w.-]+", "-", f"{key.rpartition('.')[2]}-{Path(str(shown)).stem if '/' in str(shown) else shown}")


def _refuse_twins(runs: Sequence[Planned]) -> None:
    known: dict[str, dict[str, Any]] = {}
    for run in runs:
        if run.address in known:
            raise InputError(
                f"sweep: two of its runs are the same: {run.settings} and {known[run.address]}; leave one of them out"
            )
        known[run.address] = run.settings


def batches(runs: Sequence[Planned], workers: int) -> list[tuple[Planned, ...]]:
    """Runs of one shape together, so that a worker traces and compiles for them once; none so long that others wait for it.

    A quarter of a worker's share at most: as many batches as four times the workers, or more.
    """
    most = max(1, -(-len(runs) // (4 * workers)))
    shapes: dict[object, list[Planned]] = {}
    for run in runs:
        shapes.setdefault(_shape(run), []).append(run)
    # The first of every shape first: what one worker compiles, the others then read from the cache.
    rounds = range(0, max((len(each) for each in shapes.values()), default=0), most)
    found = [tuple(each[start : start + most]) for start in rounds for each in shapes.values()]
    return [batch for batch in found if batch]


def _shape(run: Planned) -> object:
    """What decides which programs a run needs."""
    model, mcmc = run.task.experiment.config.model, run.task.experiment.config.mcmc
    return run.task.table.values.shape, model.components, model.covariance, model.prior.kind, mcmc and mcmc.sampler

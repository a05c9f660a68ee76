"""What a sweep is to do: its tasks, built and checked, and the directory that each one's content gives it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gmm_ppl.data import Table, fingerprint
from gmm_ppl.errors import InputError
from gmm_ppl.experiment.build import Task, build, read_table
from gmm_ppl.experiment.hashing import sha256_of_json
from gmm_ppl.experiment.loading import Experiment, resolved, single
from gmm_ppl.experiment.overrides import apply
from gmm_ppl.experiment.source import Source
from gmm_ppl.experiment.sweep.grid import Point, is_sweep, points
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


type Rows = tuple[Table, str]
"""A table and its fingerprint."""


def job(path: Path, settings: Sequence[str] = ()) -> Task | SweepPlan:
    """What a config stands for, read and checked whole before anything of it is run.

    Arguments:
        path: the YAML file.
        settings: `key.path=value`, laid over the file's values in order.

    Raises:
        InputError: whatever is wrong with any of its runs, or two of a sweep are the same.
    """
    source = apply(read(path), settings)
    return plan(source, path) if is_sweep(source) else build(single(source, path))


def plan(source: Source, path: Path) -> SweepPlan:
    """`job`, of a config that is a sweep."""
    found = points(source, path)
    known: dict[str, Rows] = {}
    runs = tuple(_planned(point, known) for point in found)
    _refuse_twins(runs)
    return SweepPlan(found[0].experiment.config.name, source.content, config_record(source), runs)


def _planned(point: Point, known: dict[str, Rows]) -> Planned:
    source = sha256_of_json(resolved(point.experiment.config)["data"])
    if source not in known:
        table = read_table(point.experiment)
        known[source] = table, fingerprint(table)
    table, data = known[source]
    task = build(point.experiment, table)
    address = address_of(point, data)
    named = point.experiment.config.model_copy(update={"name": address})
    return Planned(address, point.settings, Task(Experiment(named, point.experiment.source), task.table, task.mixture))


def address_of(point: Point, data: str) -> str:
    """What a run differs in, and the hash of all it is made from: the config, its name apart, and the fingerprint of its data.

    The same content has the same address, wherever its sweep stands and whatever else is in it.
    """
    config = {key: value for key, value in resolved(point.experiment.config).items() if key not in ("name", "data")}
    config["data"] = data
    words = "_".join(_word(key, value) for key, value in point.settings.items())[:LONGEST].rstrip("._-")
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

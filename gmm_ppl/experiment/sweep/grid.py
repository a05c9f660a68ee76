"""From a config with a `sweep` to the experiments it stands for."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.config import SweepConfig
from gmm_ppl.experiment.loading import Experiment, resolved, single, to_yaml, validated
from gmm_ppl.experiment.overrides import overlay
from gmm_ppl.experiment.source import KeyPath, Source


@dataclass(frozen=True)
class Point:
    """One of a sweep's experiments, and what it differs in."""

    experiment: Experiment
    settings: dict[str, Any] = field(default_factory=dict)


def is_sweep(source: Source) -> bool:
    """Whether a config has a `sweep`; said from its text alone."""
    return source.values.get("sweep") is not None


def points(source: Source, path: Path) -> list[Point]:
    """Every experiment of a config, in the order of its lists, the last key changing fastest; one where nothing is swept.

    Arguments:
        source: what the file and the command line say.
        path: the file, from which its data are found.

    Raises:
        InputError: a line for every problem, at the value of the sweep that is wrong; or a key both set and swept.
    """
    if not is_sweep(source):
        return [Point(single(source, path))]
    bare = replace(source, values={key: value for key, value in source.values.items() if key != "sweep"})
    rows = list(_rows(_swept(source, path)))
    _refuse_set_and_swept(rows[0], source.settings)
    return _all_or_every_problem([lambda row=row: _point(bare, row, path) for row in rows], source.name)


def _all_or_every_problem(made: Sequence[Callable[[], Point]], name: str) -> list[Point]:
    """Every point, or the problems of all, each line once."""
    found, lines = [], {}
    for make in made:
        try:
            found.append(make())
        except InputError as error:
            lines |= dict.fromkeys(line for line in str(error).splitlines() if not line.endswith(" problems"))
    if lines:
        raise InputError("\n".join(lines if len(lines) == 1 else [f"{name}: {len(lines)} problems", *lines]))
    return found


def _swept(source: Source, path: Path) -> SweepConfig:
    """The lists below `product` and `zip`."""
    try:
        return SweepConfig.model_validate(source.values["sweep"])
    except ValidationError:
        # Said with its place, beside whatever else is wrong with the file.
        validated(source, path)
        raise


type Row = dict[str, tuple[Any, KeyPath]]
"""Each swept key with its value and the value's place in the file."""


def _rows(sweep: SweepConfig) -> Iterator[Row]:
    axes = [[{key: value} for value in _placed("product", key, values)] for key, values in sweep.product.items()]
    together = sweep.zip
    if together:
        columns = zip(*(_placed("zip", key, values) for key, values in together.items()), strict=True)
        axes.append([dict(zip(together, column, strict=True)) for column in columns])
    for combination in itertools.product(*axes):
        yield {key: value for part in combination for key, value in part.items()}


def _placed(group: str, key: str, values: Sequence[Any]) -> list[tuple[Any, KeyPath]]:
    """The values of a key, each with its place in the file."""
    return [(value, ("sweep", group, key, at)) for at, value in enumerate(values)]


def _point(bare: Source, row: Row, path: Path) -> Point:
    source = replace(bare, values=deepcopy(bare.values), entries=dict(bare.entries), problems=[*bare.problems])
    for key, (value, place) in row.items():
        overlay(source, key, value, place)
    experiment = validated(source, path)
    # What the run keeps as its config is this experiment's own, which runs by itself.
    whole = replace(source, content=to_yaml(resolved(experiment.config)).encode())
    return Point(Experiment(experiment.config, whole), {key: value for key, (value, _) in row.items()})


def _refuse_set_and_swept(row: Row, settings: Sequence[str]) -> None:
    for setting in settings:
        key = setting.partition("=")[0].strip()
        if any(key == swept or swept.startswith(f"{key}.") for swept in row):
            raise InputError(
                f"--set {key}: the config sweeps over it, so that one value cannot stand; set sweep.product.{key} to a list"
            )

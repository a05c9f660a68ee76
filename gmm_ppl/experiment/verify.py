"""Run a finished run again from what it wrote down, and say whether the same digits come out."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gmm_ppl.data import fingerprint
from gmm_ppl.errors import InputError
from gmm_ppl.experiment.build import build
from gmm_ppl.experiment.execute import run
from gmm_ppl.experiment.loading import load as load_config
from gmm_ppl.experiment.provenance import device, operating_system, versions
from gmm_ppl.experiment.store import COMPLETE, altered, read_manifest
from gmm_ppl.experiment.words import listed
from gmm_ppl.progress import Progress, silent
from gmm_ppl.results.store import RESULTS, load

RESOLVED = "config.resolved.yaml"


@dataclass(frozen=True)
class Difference:
    """A variable whose numbers are others: how many of them, and the largest relative difference."""

    variable: str
    differing: int
    numbers: int
    largest: float

    def __str__(self) -> str:
        """In words."""
        return f"{self.variable}: {self.differing} of {self.numbers} numbers differ, by {self.largest:.1e} of their size at most"


@dataclass(frozen=True)
class Verified:
    """What came of running a run again.

    Attributes:
        directory: of the run.
        variables: how many variables were compared.
        differences: those that are not the same, digit by digit.
        changed: what is not as it was when the run was made: files, versions, device.
    """

    directory: Path
    variables: int
    differences: tuple[Difference, ...]
    changed: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether every digit repeats."""
        return not self.differences

    def lines(self) -> Iterator[str]:
        """The verdict, then whatever differs."""
        if self.same:
            yield f"{self.directory}: the same digits, in all {self.variables} variables"
        else:
            yield f"{self.directory}: {len(self.differences)} of {self.variables} variables have other digits"
        yield from (f"  {each}" for each in sorted(self.differences, key=lambda each: -each.largest))
        yield from (f"  changed since: {each}" for each in self.changed)


def verify(directory: Path, *, progress: Progress = silent) -> Verified:
    """Run again what `config.resolved.yaml` says, elsewhere, and compare every variable of the results.

    The directory itself is only read.

    Arguments:
        directory: of a finished run.
        progress: called as the work goes on.

    Raises:
        InputError: no finished run, or its data are missing or are others.
    """
    manifest = read_manifest(directory)
    if manifest is None or manifest["status"] != COMPLETE or not (directory / RESOLVED).is_file():
        raise InputError(f"{directory}: expected the directory of a finished run, with a manifest and {RESOLVED} in it")
    task = build(load_config(directory / RESOLVED))
    if fingerprint(task.table) != manifest["data"]["sha256"]:
        raise InputError(f"{directory}: the data, {task.table.source}, are not those of the run: there is nothing to verify")
    with tempfile.TemporaryDirectory(prefix="gmm-ppl-verify-") as scratch:
        again = Path(scratch) / "again"
        run(task, again, render=_no_report, progress=progress, command="gmm-ppl verify")
        found = compare_trees(load(directory / RESULTS), load(again / RESULTS))
    differences = tuple(each for each in found if each.differing)
    return Verified(directory, len(found), differences, tuple(_changed(directory, manifest)))


def compare_trees(one: xr.DataTree, other: xr.DataTree) -> list[Difference]:
    """Every variable of two trees, number by number; a variable that only one has differs in all its numbers."""
    first, second = _variables(one), _variables(other)
    return [_difference(name, first.get(name), second.get(name)) for name in sorted(first.keys() | second.keys())]


def _variables(tree: xr.DataTree) -> dict[str, np.ndarray]:
    return {
        f"{node.path.strip('/')}/{name}": np.asarray(array.values)
        for node in tree.subtree
        for name, array in node.dataset.data_vars.items()
    }


def _difference(name: str, one: np.ndarray | None, other: np.ndarray | None) -> Difference:
    if one is None or other is None or one.shape != other.shape or one.dtype.kind != other.dtype.kind:
        size = max(each.size for each in (one, other) if each is not None)
        return Difference(name, size, size, np.inf)
    if one.dtype.kind not in "fiub":
        differing = int((one != other).sum())
        return Difference(name, differing, one.size, np.inf if differing else 0.0)
    a, b = one.astype(float), other.astype(float)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.abs(a - b)[~same] / np.maximum(np.abs(a), np.abs(b))[~same]
    return Difference(name, int((~same).sum()), one.size, float(np.nanmax(relative, initial=0.0)))


def _changed(directory: Path, manifest: dict[str, Any]) -> Iterator[str]:
    missing, changed = altered(directory, manifest)
    if missing:
        yield f"files that are missing: {listed(missing)}"
    if changed:
        yield f"files with other content: {listed(changed)}"
    now = versions()
    for name, then in manifest.get("versions", {}).items():
        if now.get(name) != then:
            yield f"{name} {then}, now {now.get(name, 'not there')}"
    if manifest.get("device") != device():
        yield f"device {manifest.get('device')}, now {device()}"
    if manifest.get("platform") != operating_system():
        yield f"platform {manifest.get('platform')}, now {operating_system()}"


def _no_report(directory: Path, tree: xr.DataTree, formats: tuple[str, ...]) -> None:
    """Reports are made of the results, so that there is nothing in them to verify."""

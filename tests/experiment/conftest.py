"""Configs in temporary directories, and stand-ins for the engines."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import xarray as xr

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.build import Task, build
from gmm_ppl.experiment.engines import Engines
from gmm_ppl.experiment.loading import Experiment, load
from gmm_ppl.inference.base import Status

FAITHFUL = """\
name: geyser
seed: 7
data: {dataset: faithful}
model: {components: 2}
em: {starts: 3}
mcmc: {chains: 2, draws: 10}
"""


GOOD = {
    "name": "name: a",
    "data": "data: {dataset: faithful}",
    "model": "model: {components: 2}",
}


def config(**lines: str) -> str:
    """A valid config of three lines, some of them replaced and others added."""
    return "\n".join({**GOOD, **lines}.values()) + "\n"


def refusal(write: Callable[[str], Path], text: str) -> str:
    """The message with which a config is refused."""
    with pytest.raises(InputError) as caught:
        load(write(text))
    return str(caught.value)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Write a config into the working directory, an empty one; returns its relative path."""
    monkeypatch.chdir(tmp_path)

    def _write(text: str, name: str = "x.yaml") -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return _write


@pytest.fixture
def geyser(write: Callable[[str], Path]) -> str:
    """The text of a valid config, which stands in `x.yaml`."""
    write(FAITHFUL)
    return FAITHFUL


@pytest.fixture
def experiment(geyser: str) -> Experiment:
    """The same, read."""
    return load(Path("x.yaml"))


@pytest.fixture
def task(experiment: Experiment) -> Task:
    """The same with its data read."""
    return build(experiment)


@dataclass
class StandIns:
    """Engines that do nothing but note how they were called."""

    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    status: Status = Status.CONVERGED
    kept: int | None = None

    @property
    def engines(self) -> Engines:
        """As `execute.run` takes them."""
        return Engines(self._fit, self._sample, self._bootstrap, self._tree, self._save, self._metrics, self._summary)

    def render(self, directory: Path, tree: xr.DataTree, formats: tuple[str, ...]) -> None:
        """Write a report that says which formats were asked for."""
        (directory / "figures").mkdir()
        (directory / "figures" / "one.svg").write_text("<svg/>")
        for name in formats:
            (directory / f"report.{name}").write_text(tree.attrs["name"])

    def _fit(self, mixture: Any, data: Any, **options: Any) -> Any:
        self.calls["fit"] = options
        return SimpleNamespace(status=self.status, log_likelihood=-1.5, iterations=4)

    def _sample(self, sampler: str, mixture: Any, data: Any, **options: Any) -> Any:
        self.calls["sample"] = {"sampler": sampler, **options}
        shape = (options["chains"], options["draws"] if self.kept is None else self.kept)
        return SimpleNamespace(seconds=0.1, sampler_statistics={"lp": SimpleNamespace(shape=shape)})

    def _bootstrap(self, mixture: Any, data: Any, **options: Any) -> Any:
        self.calls["bootstrap"] = options
        return SimpleNamespace(status=[self.status] * options["replicates"], seconds=0.1)

    def _tree(self, fitted: Any, data: Any, **options: Any) -> xr.DataTree:
        self.calls["tree"] = options
        tree = xr.DataTree()
        tree.attrs["name"] = options["name"]
        return tree

    def _save(self, tree: xr.DataTree, path: Path) -> None:
        path.write_text(json.dumps(dict(tree.attrs)))

    def _metrics(self, tree: xr.DataTree) -> dict[str, Any]:
        return {"em": {"log_likelihood": -1.5}, "criteria": {"elpd_loo": float("nan")}}

    def _summary(self, tree: xr.DataTree) -> pd.DataFrame:
        return pd.DataFrame({"mean": [0.5]}, index=pd.Index(["weights[0]"], name="parameter"))


@pytest.fixture
def stand_ins() -> StandIns:
    """Fresh ones."""
    return StandIns()

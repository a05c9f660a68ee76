"""Making a report anew from a results file."""

import json
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.build import Task
from gmm_ppl.experiment.execute import run
from gmm_ppl.experiment.rebuild import rebuild
from gmm_ppl.experiment.store import altered
from gmm_ppl.results.store import save

VARIABLES = {"weights": ("component", [1.0]), "means": (("component", "feature"), [[0.0]])}
TREE = xr.DataTree.from_dict({"/em_fit": xr.Dataset(VARIABLES, {"component": [0]})}, name="root")
TREE.attrs["name"] = "made elsewhere"


def results(directory: Path) -> None:
    """A results file in place of the stand-ins'."""
    directory.mkdir(parents=True, exist_ok=True)
    save(TREE, directory / "results.nc")


def test_a_results_file_alone_is_enough(stand_ins: Any, tmp_path: Path):
    results(tmp_path / "a")
    written = rebuild(tmp_path / "a", render=stand_ins.render)
    assert [path.name for path in written] == ["figures", "report.html", "report.md"]
    assert (tmp_path / "a" / "report.md").read_text() == "made elsewhere"
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"figures", "report.html", "report.md", "results.nc"}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_only_the_formats_that_stand_there_are_made_anew(stand_ins: Any, tmp_path: Path):
    results(tmp_path / "a")
    (tmp_path / "a" / "report.md").write_text("old")
    written = rebuild(tmp_path / "a", render=stand_ins.render)
    assert [path.name for path in written] == ["figures", "report.md"]


def test_old_figures_go_and_other_files_stay(stand_ins: Any, tmp_path: Path):
    results(tmp_path / "a")
    (tmp_path / "a" / "figures").mkdir()
    (tmp_path / "a" / "figures" / "old.svg").write_text("<svg/>")
    (tmp_path / "a" / "notes.txt").write_text("mine")
    rebuild(tmp_path / "a", render=stand_ins.render)
    assert [path.name for path in (tmp_path / "a" / "figures").iterdir()] == ["one.svg"]
    assert (tmp_path / "a" / "notes.txt").read_text() == "mine"


def test_the_manifest_is_brought_up_to_date(task: Task, stand_ins: Any):
    directory = Path("reports/a")
    run(task, directory, render=stand_ins.render, engines=stand_ins.engines)
    results(directory)
    (directory / "notes.txt").write_text("mine")
    rebuild(directory, render=stand_ins.render)
    manifest = json.loads((directory / "manifest.json").read_text())
    assert manifest["status"] == "complete"
    assert altered(directory, manifest) == ([], [])
    assert "notes.txt" not in manifest["outputs"]


def test_a_report_that_fails_leaves_the_old_one(stand_ins: Any, tmp_path: Path):
    results(tmp_path / "a")
    rebuild(tmp_path / "a", render=stand_ins.render)

    def fail(directory: Path, *_: Any) -> None:
        (directory / "report.md").write_text("half")
        raise InputError("no")

    with pytest.raises(InputError, match=r"^no$"):
        rebuild(tmp_path / "a", render=fail)
    assert (tmp_path / "a" / "report.md").read_text() == "made elsewhere"
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"figures", "report.html", "report.md", "results.nc"}

"""A run that is there already, told from bytes; whatever cannot be told so is left to the fingerprint."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.build import build
from gmm_ppl.experiment.execute import run
from gmm_ppl.experiment.loading import load
from gmm_ppl.experiment.unchanged import all_unchanged, unchanged

CONFIG = Path("x.yaml")


@pytest.fixture
def done(geyser: str, stand_ins: Any) -> Path:
    """The directory of a run of `x.yaml`."""
    return execute(stand_ins)


def execute(stand_ins: Any, directory: str = "reports/geyser", settings: tuple[str, ...] = ()) -> Path:
    """Run `x.yaml` with stand-ins for the engines."""
    return run(build(load(CONFIG, settings)), Path(directory), render=stand_ins.render, engines=stand_ins.engines).directory


def test_it_says_what_a_run_would_say(done: Path, stand_ins: Any):
    found = unchanged(CONFIG)
    assert found is not None
    assert found.directory == done
    assert found.message == run(build(load(CONFIG)), done, render=stand_ins.render, engines=stand_ins.engines).message


def test_nothing_is_there(geyser: str):
    assert unchanged(CONFIG) is None


def test_a_directory_of_ones_own(geyser: str, stand_ins: Any):
    execute(stand_ins, "deep/er", ("seed=9",))
    assert unchanged(CONFIG, ["seed=9"], Path("deep/er")) is not None
    assert unchanged(CONFIG, ["seed=9"]) is None


@pytest.mark.parametrize("settings", [["seed=8"], ["seed=7"], ["data.columns=[waiting]"]])
def test_other_settings_are_left_to_the_fingerprint(done: Path, settings: list[str]):
    assert unchanged(CONFIG, settings) is None


def test_another_byte_is_left_to_the_fingerprint(done: Path, geyser: str):
    CONFIG.write_text(geyser + "# the same\n")
    assert unchanged(CONFIG) is None


def test_a_config_with_problems_is_left_to_those_who_name_them(done: Path, geyser: str):
    CONFIG.write_text(geyser + "seed: 8\n")
    assert unchanged(CONFIG) is None


def test_a_name_that_is_none(geyser: str):
    CONFIG.write_text(geyser.replace("name: geyser", "name: [a]"))
    assert unchanged(CONFIG) is None


def rewrite(directory: Path, **keys: Any) -> None:
    """Change keys of a manifest."""
    path = directory / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **keys}))


@pytest.mark.parametrize(
    "keys",
    [{"versions": {"gmm_ppl": "0.0.1"}}, {"format": 0}, {"data": {"sha256": "0"}}, {"config": None}, {"status": "halfway"}],
)
def test_another_version_format_data_or_config_is_run(done: Path, keys: dict[str, Any]):
    rewrite(done, **keys)
    assert unchanged(CONFIG) is None


def test_a_lost_file_is_run_again_and_a_changed_one_is_named(done: Path):
    (done / "report.md").write_text("my own words")
    found = unchanged(CONFIG)
    assert found is not None
    assert "report.md changed since the run" in found.message
    (done / "results.nc").unlink()
    assert unchanged(CONFIG) is None


def test_a_data_file_counts_by_its_bytes_wherever_it_is_found(write: Callable[..., Path], stand_ins: Any):
    write("name: geyser\ndata: {path: rows.csv}\nmodel: {components: 1}\n")
    rows = write("x\n1\n2\n4\n", "rows.csv")
    execute(stand_ins)
    assert unchanged(CONFIG) is not None
    write("x\n1\n2\n5\n", "rows.csv")
    assert unchanged(CONFIG) is None
    rows.unlink()
    assert unchanged(CONFIG) is None


def test_all_or_none(done: Path, geyser: str, write: Callable[..., Path]):
    other = write(geyser.replace("geyser", "second"), "y.yaml")
    assert all_unchanged([CONFIG, other], (), None) == []
    assert [each.directory for each in all_unchanged([CONFIG], (), None)] == [done]
    # Two that share a directory are refused by those who name both.
    assert all_unchanged([CONFIG, CONFIG], (), None) == []


def test_a_missing_config_is_named():
    with pytest.raises(InputError, match="there is no such file"):
        unchanged(Path("nowhere.yaml"))

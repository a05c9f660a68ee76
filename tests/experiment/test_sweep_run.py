"""A sweep from plan to index, in this process, with stand-ins for the engines."""

import json
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xarray as xr
from joblib import register_parallel_backend
from joblib.parallel import SequentialBackend
from typer.testing import CliRunner

from gmm_ppl.cli import app
from gmm_ppl.errors import FitError, InputError
from gmm_ppl.experiment import execute
from gmm_ppl.experiment.lock import locked
from gmm_ppl.experiment.sweep import backends, worker
from gmm_ppl.experiment.sweep.plan import SweepPlan, job
from gmm_ppl.experiment.sweep.run import Swept, sweep

CONFIG = "name: geyser\ndata: {dataset: faithful}\nmodel: {components: 2}\nmcmc: null\nsweep: {product: {seed: [1, 2, 3]}}\n"
PLACE = Path("reports/geyser")


@pytest.fixture
def planned(write: Callable[..., Path], stand_ins: Any, monkeypatch: pytest.MonkeyPatch) -> SweepPlan:
    """Three runs, of seeds 1, 2, 3, by stand-ins."""
    monkeypatch.setattr(execute, "default_engines", lambda: stand_ins.engines)
    monkeypatch.setattr("gmm_ppl.cli.common.render", stand_ins.render)
    found = job(write(CONFIG))
    assert isinstance(found, SweepPlan)
    return found


def swept(planned: SweepPlan, stand_ins: Any, **options: Any) -> Swept:
    """Run it here, one after another."""
    return sweep(planned, PLACE, render=stand_ins.render, workers=1, **options)


def failing(monkeypatch: pytest.MonkeyPatch, stand_ins: Any, *, seed: int, error: Exception) -> None:
    """Let the fit of one seed fail."""
    fit = stand_ins._fit

    def refuse(*args: Any, **options: Any) -> Any:
        if options["seed"] == seed:
            raise error
        return fit(*args, **options)

    monkeypatch.setattr(stand_ins, "_fit", refuse)


def test_every_run_is_there_and_indexed(planned: SweepPlan, stand_ins: Any):
    found = swept(planned, stand_ins, command="gmm-ppl run x.yaml")
    assert (found.ran, found.failed, {each.status for each in found.standings}) == (3, (), {"done"})
    assert {path.name for path in (PLACE / "runs").iterdir()} == {run.address for run in planned.runs}
    index = pd.read_csv(PLACE / "index.csv", index_col="run")
    assert index["seed"].tolist() == [1, 2, 3]
    assert index["em.log_likelihood"].tolist() == [-1.5] * 3
    assert index["criteria.elpd_loo"].isna().all()
    with xr.open_datatree(PLACE / "index.nc", engine="h5netcdf") as tree:
        assert tree["em"].dataset["log_likelihood"].values.tolist() == [-1.5] * 3
        assert tree["em"].dataset["run"].values.tolist() == index.index.tolist()
        assert tree.dataset["seed"].values.tolist() == ["1", "2", "3"]
    assert (PLACE / "sweep.yaml").read_text() == CONFIG


def test_a_run_of_a_sweep_can_be_run_by_itself(planned: SweepPlan, stand_ins: Any):
    swept(planned, stand_ins)
    run = planned.runs[1]
    alone = CliRunner().invoke(app, ["check", str(PLACE / "runs" / run.address / "config.yaml")])
    assert alone.exit_code == 0
    assert "sweep" not in alone.stdout


def test_nothing_is_run_twice(planned: SweepPlan, stand_ins: Any):
    swept(planned, stand_ins)
    stand_ins.calls.clear()
    assert swept(planned, stand_ins).ran == 0
    assert stand_ins.calls == {}
    assert swept(planned, stand_ins, force=True).ran == 3


def test_a_run_that_was_removed_is_made_again(planned: SweepPlan, stand_ins: Any):
    swept(planned, stand_ins)
    shutil.rmtree(PLACE / "runs" / planned.runs[0].address)
    assert swept(planned, stand_ins).ran == 1


@pytest.mark.parametrize(
    ("error", "message"), [(FitError("no way"), "no way"), (ZeroDivisionError("of ours"), "ZeroDivisionError: of ours")]
)
def test_a_failed_run_is_named_kept_and_tried_again_on_request(
    planned: SweepPlan, stand_ins: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
):
    with monkeypatch.context() as patched:
        failing(patched, stand_ins, seed=2, error=error)
        found = swept(planned, stand_ins)
    assert (found.ran, [(each.run.settings, each.message) for each in found.failed]) == (2, [({"seed": 2}, message)])
    assert found.message == "reports/geyser: 3 runs: 2 done, 1 failed, 2 made now"
    assert pd.read_csv(PLACE / "index.csv")["status"].tolist() == ["done", "failed", "done"]
    again = swept(planned, stand_ins)
    assert (again.ran, len(again.failed)) == (0, 1)
    resumed = swept(planned, stand_ins, resume=True)
    assert (resumed.ran, resumed.failed) == (1, ())
    assert list((PLACE / "failures").iterdir()) == []


def test_an_interrupted_sweep_keeps_what_is_done(planned: SweepPlan, stand_ins: Any, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patched:
        failing(patched, stand_ins, seed=2, error=KeyboardInterrupt())  # pyright: ignore[reportArgumentType]
        with pytest.raises(KeyboardInterrupt):
            swept(planned, stand_ins)
    assert pd.read_csv(PLACE / "index.csv")["status"].tolist() == ["done", "missing", "missing"]
    assert swept(planned, stand_ins).ran == 2


def test_progress_names_what_ends_and_counts_what_fails(planned: SweepPlan, stand_ins: Any, monkeypatch: pytest.MonkeyPatch):
    failing(monkeypatch, stand_ins, seed=3, error=FitError("no"))
    calls: list[tuple] = []
    swept(planned, stand_ins, progress=lambda *call: calls.append(call))
    ended = [call for call in calls if call[0] == "Sweep"]
    assert [call[1:3] for call in ended] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert ended[-1][3] == "1 failed"


def test_a_lock_that_is_let_go_is_waited_for(planned: SweepPlan, stand_ins: Any, monkeypatch: pytest.MonkeyPatch):
    swept(planned, stand_ins)
    shutil.rmtree(PLACE / "runs" / planned.runs[0].address)
    holder = locked((PLACE / "runs" / planned.runs[0].address).absolute())
    holder.__enter__()
    monkeypatch.setattr(worker.time, "sleep", lambda _: holder.__exit__(None, None, None))
    assert swept(planned, stand_ins).ran == 1


def test_two_sweeps_do_not_write_one_directory(planned: SweepPlan, stand_ins: Any):
    with locked(PLACE), pytest.raises(InputError, match="another run"):
        swept(planned, stand_ins)


def test_it_writes_into_nothing_but_a_sweep(planned: SweepPlan, stand_ins: Any, write: Callable[..., Path]):
    write("mine", str(PLACE / "notes.txt"))
    with pytest.raises(InputError, match="no sweep of gmm-ppl"):
        swept(planned, stand_ins)
    assert [path.name for path in PLACE.iterdir()] == ["notes.txt"]
    (PLACE / "notes.txt").rename(PLACE / "results.nc")
    with pytest.raises(InputError, match="a single run stands here"):
        swept(planned, stand_ins)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "lokky"}, "unknown backend 'lokky'; did you mean 'loky'"),
        ({"workers": 0}, "expected at least 1, got 0"),
    ],
)
def test_wrong_teams_are_refused(planned: SweepPlan, stand_ins: Any, options: dict[str, Any], message: str):
    with pytest.raises(InputError, match=message):
        sweep(planned, PLACE, render=stand_ins.render, **options)
    assert not PLACE.exists()


class Listing(SequentialBackend):
    """A backend of joblib that answers with lists alone, as ray's does."""

    supports_return_generator = False


def test_a_backend_that_answers_with_lists_serves_some_runs_at_a_time(planned: SweepPlan, stand_ins: Any, monkeypatch: Any):
    register_parallel_backend("listing", Listing)
    monkeypatch.setitem(backends.BACKENDS, "listing", lambda _: nullcontext("listing"))
    seen: list[tuple[int, int]] = []
    progress = lambda stage, done, total, note="": seen.append((done, len(list(PLACE.glob("runs/[!.]*")))))  # noqa: E731
    found = sweep(planned, PLACE, render=stand_ins.render, workers=2, backend="listing", progress=progress)
    assert [each.status for each in found.standings] == ["done"] * 3
    assert seen == [(0, 0), (1, 2), (2, 2), (3, 3)]


def call(*words: str) -> Any:
    """Run the command in this process, with one worker."""
    return CliRunner().invoke(app, ["run", "x.yaml", "--workers", "1", *words])


def test_the_command_names_failures_and_says_how_to_go_on(planned: SweepPlan, stand_ins: Any, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patched:
        failing(patched, stand_ins, seed=2, error=FitError("no way"))
        result = call()
    assert (result.exit_code, result.stdout) == (1, "reports/geyser\n")
    assert f"failed: {planned.runs[1].address}: no way" in result.stderr
    assert "--resume tries failed runs again" in result.stderr
    assert call("--resume", "--quiet").exit_code == 0


def test_the_command_knows_a_finished_sweep_at_once(planned: SweepPlan, stand_ins: Any, monkeypatch: pytest.MonkeyPatch):
    assert call().exit_code == 0
    monkeypatch.setattr("gmm_ppl.cli.runs.jobs_of", None)
    result = call()
    assert (result.exit_code, result.stdout) == (0, "reports/geyser\n")
    assert "all 3 runs are there" in result.stderr
    state = json.loads((PLACE / "sweep.json").read_text())
    (PLACE / "runs" / next(iter(state["runs"])) / "results.nc").unlink()
    assert isinstance(call().exception, TypeError)


def test_check_says_what_runs_there_would_be(planned: SweepPlan):
    lines = CliRunner().invoke(app, ["check", "x.yaml"]).stdout.splitlines()
    assert lines[0] == "x.yaml: fine, would write reports/geyser"
    assert lines[1:] == ["  sweep: 3 runs", *(f"  runs/{run.address}" for run in planned.runs)]

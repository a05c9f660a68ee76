"""A run from task to directory, with stand-ins for the engines."""

import json
import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from gmm_ppl.errors import FitError, FitWarning, InputError
from gmm_ppl.experiment.build import Task, build
from gmm_ppl.experiment.execute import run
from gmm_ppl.experiment.hashing import sha256_of_file
from gmm_ppl.experiment.loading import load
from gmm_ppl.inference.base import Status

FILES = {
    "config.yaml",
    "config.resolved.yaml",
    "results.nc",
    "metrics.json",
    "manifest.json",
    "summary.csv",
    "figures",
    "report.html",
    "report.md",
    "run.log",
}


def execute(task: Task, stand_ins: Any, **options: Any) -> Any:
    """Run into `reports/a` with the stand-ins."""
    return run(task, Path("reports/a"), render=stand_ins.render, engines=stand_ins.engines, **options)


def manifest() -> dict[str, Any]:
    """The manifest that the run left."""
    return json.loads(Path("reports/a/manifest.json").read_text())


def test_a_run_leaves_every_file(task: Task, stand_ins: Any):
    outcome = execute(task, stand_ins)
    assert outcome.ran
    assert {path.name for path in Path("reports/a").iterdir()} == FILES
    assert {path.name for path in Path("reports").iterdir()} == {"a"}
    assert Path("reports/a/config.yaml").read_bytes() == Path("x.yaml").read_bytes()
    assert load(Path("reports/a/config.resolved.yaml")).config == task.experiment.config


def test_engines_get_what_the_config_says(task: Task, stand_ins: Any):
    execute(task, stand_ins)
    fit, sample = stand_ins.calls["fit"], stand_ins.calls["sample"]
    named = ("seed", "starts", "start", "tolerance", "max_steps", "data_pass")
    assert [fit[name] for name in named] == [7, 3, "several", 1e-10, 1000, None]
    assert (sample["seed"], sample["chains"], sample["draws"], sample["warmup"]) == (8, 2, 10, None)
    assert (sample["target_acceptance"], sample["max_tree_depth"]) == (0.8, 10)
    assert stand_ins.calls["tree"]["seed"] == 9


def test_without_a_sampler_none_is_run(write: Callable[[str], Path], stand_ins: Any):
    text = "name: a\ndata: {dataset: iris}\nmodel: {components: 2, prior: flat}\nmcmc: null\nreport: {formats: [md]}\n"
    execute(build(load(write(text))), stand_ins)
    assert "sample" not in stand_ins.calls
    assert not Path("reports/a/report.html").exists()


def test_manifest_says_what_was_run_and_hashes_every_file(task: Task, stand_ins: Any):
    execute(task, stand_ins, command="gmm-ppl run x.yaml")
    found = manifest()
    assert found["status"] == "complete"
    assert found["command"] == "gmm-ppl run x.yaml"
    assert found["seeds"] == {"em": 7, "mcmc": 8, "results": 9, "bootstrap": 10}
    assert found["data"]["source"] == "dataset faithful"
    assert found["data"]["rows"] == 272
    assert found["precision"] == "float64"
    assert set(found["timings"]) == {"setup", "em", "mcmc", "bootstrap", "results", "report", "total"}
    assert {"python", "gmm_ppl", "jax", "numpyro", "arviz"} <= set(found["versions"])
    assert set(found["outputs"]) == FILES - {"manifest.json", "figures"} | {"figures/one.svg"}
    for name, output in found["outputs"].items():
        assert output == {
            "bytes": (Path("reports/a") / name).stat().st_size,
            "sha256": sha256_of_file(Path("reports/a") / name),
        }


def test_metrics_are_strict_json(task: Task, stand_ins: Any):
    execute(task, stand_ins)
    text = Path("reports/a/metrics.json").read_text()
    assert "NaN" not in text
    assert json.loads(text) == {"em": {"log_likelihood": -1.5}, "criteria": {"elpd_loo": None}}


def test_the_result_carries_its_own_record(task: Task, stand_ins: Any):
    execute(task, stand_ins, command="gmm-ppl run x.yaml")
    attributes = json.loads(Path("reports/a/results.nc").read_text())
    record = json.loads(attributes["provenance"])
    assert attributes["name"] == "geyser"
    assert record["command"] == "gmm-ppl run x.yaml"
    assert set(record["timings"]) == {"setup", "em", "mcmc", "bootstrap"}


def test_run_again_with_nothing_changed_does_nothing(task: Task, stand_ins: Any):
    execute(task, stand_ins)
    before = manifest()
    stand_ins.calls.clear()
    outcome = execute(task, stand_ins)
    assert not outcome.ran
    assert outcome.message == (
        "reports/a: nothing to do, config, data and version are those of the run there; --force runs it again"
    )
    assert stand_ins.calls == {}
    assert manifest() == before


def test_force_runs_again(task: Task, stand_ins: Any):
    execute(task, stand_ins)
    assert execute(task, stand_ins, force=True).ran


@pytest.mark.parametrize("setting", ["seed=8", "em.starts=4", "data.columns=[waiting]", "mcmc=null"])
def test_a_changed_config_runs_again(task: Task, stand_ins: Any, setting: str):
    execute(task, stand_ins)
    assert execute(build(load(Path("x.yaml"), [setting])), stand_ins).ran


def test_comments_and_order_do_not_count_as_changes(task: Task, stand_ins: Any, write: Callable[[str], Path]):
    execute(task, stand_ins)
    lines = Path("x.yaml").read_text().splitlines()
    assert not execute(build(load(write("# the same\n" + "\n".join(reversed(lines))))), stand_ins).ran


def test_changed_data_run_again(write: Callable[[str], Path], stand_ins: Any):
    config = write("name: a\ndata: {path: rows.csv}\nmodel: {components: 1}\n")
    write("x\n1\n2\n4\n", "rows.csv")
    execute(build(load(config)), stand_ins)
    assert manifest()["data"]["file_sha256"] == sha256_of_file(Path("rows.csv"))
    assert not execute(build(load(config)), stand_ins).ran
    write("x\n1\n2\n5\n", "rows.csv")
    assert execute(build(load(config)), stand_ins).ran


def test_a_run_that_lost_a_file_is_run_again(task: Task, stand_ins: Any):
    execute(task, stand_ins)
    Path("reports/a/results.nc").unlink()
    assert execute(task, stand_ins).ran


def test_a_file_changed_by_hand_is_not_overwritten_unasked(task: Task, stand_ins: Any):
    execute(task, stand_ins)
    Path("reports/a/report.md").write_text("my own words")
    outcome = execute(task, stand_ins)
    assert outcome.message == "reports/a: nothing to do, but report.md changed since the run; --force makes it anew"
    assert Path("reports/a/report.md").read_text() == "my own words"


def failing(error: BaseException) -> Callable[..., Any]:
    """A renderer that raises."""

    def render(directory: Path, tree: xr.DataTree, formats: tuple[str, ...]) -> None:
        raise error

    return render


@pytest.mark.parametrize("error", [RuntimeError("halfway"), KeyboardInterrupt(), FitError("no maximum")])
def test_a_run_that_fails_leaves_no_directory(task: Task, stand_ins: Any, error: BaseException):
    with pytest.raises(type(error)):
        run(task, Path("reports/a"), render=failing(error), engines=stand_ins.engines)
    assert not Path("reports").exists()


def test_a_second_run_that_fails_leaves_the_first(task: Task, stand_ins: Any):
    execute(task, stand_ins)
    before = manifest()
    with pytest.raises(KeyboardInterrupt):
        run(task, Path("reports/a"), render=failing(KeyboardInterrupt()), engines=stand_ins.engines, force=True)
    assert manifest() == before


def test_an_interrupted_em_ends_the_run(task: Task, stand_ins: Any):
    stand_ins.status = Status.INTERRUPTED
    with pytest.raises(KeyboardInterrupt):
        execute(task, stand_ins)
    assert not Path("reports").exists()


def test_a_sampler_interrupted_before_there_is_anything_to_report_ends_the_run(task: Task, stand_ins: Any):
    stand_ins.kept = 3
    with pytest.raises(KeyboardInterrupt):
        execute(task, stand_ins)
    assert not Path("reports").exists()


def test_draws_of_an_interrupted_sampler_are_kept_and_marked_and_run_again(task: Task, stand_ins: Any):
    stand_ins.kept, heeded = 4, []
    outcome = execute(task, stand_ins, heeded=lambda: heeded.append("heeded"))
    assert (outcome.ran, outcome.whole, heeded) == (True, False, ["heeded"])
    assert outcome.message.startswith("reports/a: interrupted, with a report of the draws so far, in ")
    assert {path.name for path in Path("reports/a").iterdir()} == FILES
    assert manifest()["status"] == "interrupted"
    stand_ins.kept = None
    assert execute(task, stand_ins).whole
    assert manifest()["status"] == "complete"


def test_a_bootstrap_is_made_where_it_is_asked_for(stand_ins: Any, task: Task):
    execute(task, stand_ins)
    assert "bootstrap" not in stand_ins.calls
    assert stand_ins.calls["tree"]["bootstrap"] is None
    execute(build(load(Path("x.yaml"), ["em.bootstrap=20"])), stand_ins)
    assert (stand_ins.calls["bootstrap"]["replicates"], stand_ins.calls["bootstrap"]["seed"]) == (20, 10)
    assert len(stand_ins.calls["tree"]["bootstrap"].status) == 20


@pytest.mark.parametrize("sampler", ["laplace", "tempered"])
def test_other_samplers(write: Callable[[str], Path], stand_ins: Any, sampler: str):
    text = f"name: a\ndata: {{dataset: iris}}\nmodel: {{components: 2}}\nmcmc: {{sampler: {sampler}, relabelling: ecr}}\n"
    execute(build(load(write(text))), stand_ins)
    assert stand_ins.calls["sample"]["sampler"] == sampler
    assert "warmup" not in stand_ins.calls["sample"]
    assert stand_ins.calls["tree"]["relabelling"] == "ecr"


def test_an_em_that_did_not_converge_goes_on_and_is_logged(task: Task, stand_ins: Any):
    stand_ins.status = Status.STEP_LIMIT
    assert execute(task, stand_ins).ran
    assert "INFO    EM: Stopped at the step limit" in Path("reports/a/run.log").read_text()


def test_an_engine_that_refuses_is_placed_in_the_config(task: Task, stand_ins: Any):
    def refuse(*_: Any, **__: Any) -> Any:
        raise InputError("prior: cannot be sampled.")

    stand_ins._sample = refuse
    with pytest.raises(InputError) as caught:
        execute(task, stand_ins)
    assert str(caught.value) == "x.yaml:6:7: mcmc: prior: cannot be sampled."
    assert not Path("reports").exists()


def test_log_lines_and_warnings_land_in_the_log_and_nowhere_else(task: Task, stand_ins: Any):
    def warn(directory: Path, *_: Any) -> None:
        warnings.warn("look closely", FitWarning, stacklevel=2)
        warnings.warn("look closely", FitWarning, stacklevel=2)
        logging.getLogger("gmm_ppl.report").info("drawn")

    run(task, Path("reports/a"), render=warn, engines=stand_ins.engines)
    lines = Path("reports/a/run.log").read_text().splitlines()
    assert sum(line.endswith("WARNING look closely") for line in lines) == 2
    assert lines[-1].endswith("INFO    drawn")
    assert logging.getLogger("gmm_ppl").handlers == []

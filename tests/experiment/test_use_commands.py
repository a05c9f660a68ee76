"""predict, sample, show, verify, init, compare and export as a stranger meets them, on runs that are really made."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from typer.testing import CliRunner, Result

import gmm_ppl as gp
from gmm_ppl.cli import app
from gmm_ppl.experiment.verify import compare_trees

CONFIG = """\
name: geyser
seed: 3
data: {dataset: faithful}
model: {components: 2}
em: {starts: 2}
mcmc: {sampler: laplace, chains: 2, draws: 200}
report: {formats: [md]}
"""


def call(*words: object) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with `reports/geyser` and `reports/point`, which is also the working directory."""
    directory, before = tmp_path_factory.mktemp("use"), Path.cwd()
    os.chdir(directory)
    Path("x.yaml").write_text(CONFIG)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GMM_PPL_CACHE", "off")
        assert call("run", "x.yaml", "--quiet").exit_code == 0
        assert call("run", "x.yaml", "--quiet", "--set", "mcmc=null", "--out", "reports/point").exit_code == 0
        x = gp.datasets.load("faithful")
        frame = pd.DataFrame(gp.as_table(x).values, columns=["eruptions", "waiting"])
        # Other columns, in another order: they are found by name.
        frame.assign(day=range(272))[["day", "waiting", "eruptions"]].to_csv("new.csv", index=False)
        yield directory
    os.chdir(before)


@pytest.fixture(autouse=True)
def _there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("GMM_PPL_CACHE", "off")


def test_a_fit_is_loaded_in_two_lines():
    tree = gp.load("reports/geyser")
    assert gp.assign(tree, "new.csv").shape == (272,)


def test_predictions_are_those_of_the_library_in_every_format():
    expected = gp.score_rows(gp.load("reports/geyser"), "new.csv")
    printed = call("predict", "reports/geyser", "new.csv")
    assert printed.exit_code == 0
    for name in ("p.csv", "p.parquet", "p.nc"):
        result = call("predict", "reports/geyser", "new.csv", "--out", name)
        assert (result.exit_code, result.stdout) == (0, "")
        assert f"{name}: 272 rows" in result.stderr
    Path("printed.csv").write_text(printed.stdout)
    frames = [pd.read_csv("printed.csv"), pd.read_csv("p.csv"), pd.read_parquet("p.parquet")]
    with xr.open_dataset("p.nc", engine="h5netcdf") as dataset:
        frames.append(dataset.to_dataframe())
    for frame in frames:
        np.testing.assert_allclose(frame["responsibility_1"], expected["responsibilities"].values[:, 1], rtol=1e-12)
        np.testing.assert_allclose(frame["responsibility_0_low"], expected["responsibilities_low"].values[:, 0], rtol=1e-12)
        np.testing.assert_array_equal(frame["assignment"], expected["assignment"])
        np.testing.assert_array_equal(frame["outlier"].astype(bool), expected["outlier"])
        np.testing.assert_array_equal(frame["row"], np.arange(272))


def test_chunks_make_one_table(monkeypatch: pytest.MonkeyPatch):
    whole = call("predict", "reports/point", "new.csv").stdout
    monkeypatch.setattr("gmm_ppl.experiment.use.CHUNK", 100)
    assert call("predict", "reports/point", "new.csv").stdout == whole


def test_the_point_alone_can_be_asked_for():
    frame = call("predict", "reports/geyser", "new.csv", "--point").stdout
    assert frame == call("predict", "reports/point", "new.csv").stdout
    assert "low" not in frame


def test_sampled_rows_are_those_of_the_library():
    result = call("sample", "reports/geyser", "--rows", 5, "--seed", 2, "--out", "s.csv")
    assert result.exit_code == 0
    frame, expected = pd.read_csv("s.csv"), gp.simulate(gp.load("reports/geyser"), 5, seed=2)
    assert list(frame.columns) == ["eruptions", "waiting", "component"]
    np.testing.assert_allclose(frame[["eruptions", "waiting"]], expected["x"], rtol=1e-12)


def test_show_fits_a_terminal_and_says_the_verdict_first():
    lines = call("show", "reports/geyser").stdout.splitlines()
    assert lines[0] == "geyser: 2 components, full covariance, 272 rows × 2 features"
    assert lines[2].startswith("[")
    criteria = gp.criteria(gp.load("reports/geyser"))
    assert any(f"BIC {criteria['bic']:.3f}" in line for line in lines)
    plots = [line for line in lines if line.startswith(("  data", "  fit"))]
    assert [len(line) for line in plots] == [68] * 4
    assert max(map(len, lines[5:])) <= 120


def test_verify_repeats_the_digits_and_leaves_the_run_alone():
    before = {path: path.read_bytes() for path in Path("reports/geyser").rglob("*") if path.is_file()}
    result = call("verify", "reports/geyser", "--quiet")
    assert (result.exit_code, result.stdout.split(":")[0]) == (0, "reports/geyser")
    assert "the same digits" in result.stdout
    assert before == {path: path.read_bytes() for path in Path("reports/geyser").rglob("*") if path.is_file()}


def test_verify_finds_a_digit_that_was_changed():
    import shutil

    shutil.copytree("reports/point", "altered")
    tree = gp.load("altered")
    tree["em_fit"]["means"].values[0, 0] *= 1 + 1e-12
    gp.save(tree, "altered/results.nc")
    result = call("verify", "altered", "--quiet")
    assert result.exit_code == 1
    assert "em_fit/means: 1 of 4 numbers differ, by 1.0e-12 of their size" in result.stdout
    assert "changed since: files with other content: results.nc" in result.stdout


def test_trees_differ_where_numbers_shapes_or_variables_do():
    one = xr.DataTree.from_dict({"/a": xr.Dataset({"x": ("n", [1.0, np.nan]), "s": ("n", ["u", "v"]), "y": ("n", [1, 2])})})
    other = xr.DataTree.from_dict({"/a": xr.Dataset({"x": ("n", [1.0, np.nan]), "s": ("n", ["u", "w"]), "z": ("n", [1, 2])})})
    found = {each.variable: each.differing for each in compare_trees(one, other)}
    assert found == {"a/x": 0, "a/s": 1, "a/y": 2, "a/z": 2}


def test_verify_needs_a_run_and_its_data(write: Callable[..., Path]):
    write("a,b\n" + "".join(f"{each},{each * each % 7}\n" for each in range(20)), "rows.csv")
    write(CONFIG.replace("dataset: faithful", "path: rows.csv").replace("laplace, chains: 2", "laplace"), "r.yaml")
    assert call("run", "r.yaml", "--quiet", "--set", "mcmc=null", "--out", "reports/r").exit_code == 0
    write("a,b\n" + "".join(f"{each},{each * each % 5}\n" for each in range(20)), "rows.csv")
    result = call("verify", "reports/r")
    assert (result.exit_code, "are not those of the run" in result.stderr) == (2, True)
    assert "expected the directory of a finished run" in call("verify", "nowhere").stderr


def test_init_writes_a_config_that_is_fine_and_overwrites_nothing():
    assert call("init", "new.csv").stdout == "new.yaml\n"
    config = yaml.safe_load(Path("new.yaml").read_text())
    assert (config["name"], config["data"]) == ("new", {"path": "new.csv", "columns": ["day", "waiting", "eruptions"]})
    again = call("init", "new.csv")
    assert (again.exit_code, "there is a file already" in again.stderr) == (2, True)
    assert call("init", "--out", "configs.yaml").exit_code == 0
    assert call("check", "configs.yaml").exit_code == 0
    sweep = Path("configs.yaml").read_text().replace("# sweep:", "sweep:").replace("#   product:", "  product:")
    Path("configs.yaml").write_text(sweep.replace("#     model", "    model"))
    assert "sweep: 8 runs" in call("check", "configs.yaml").stdout


def test_compare_leaves_a_page_and_prints_a_table():
    result = call("compare", "reports/geyser", "reports/point")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[-1] == "reports/comparison"
    assert {line.split()[0] for line in lines[2:-1]} == {"geyser", "point"}
    found = {path.name for path in Path("reports/comparison").iterdir()}
    assert found == {"comparison.csv", "comparison.html", "comparison.md", "comparison.nc", "figures", "manifest.json"}
    assert call("compare", "reports/geyser", "reports/point").exit_code == 0


def test_a_sweep_is_compared_by_its_runs():
    Path("s.yaml").write_text(
        f"{CONFIG.replace('geyser', 'two').split('mcmc')[0]}mcmc: null\nsweep: {{product: {{seed: [1, 2]}}}}\n"
    )
    assert call("run", "s.yaml", "--quiet", "--workers", 1).exit_code == 0
    result = call("compare", "reports/two", "--out", "c")
    assert [line.split("  ")[0] for line in result.stdout.splitlines()[2:-1]] == ["seed 1", "seed 2"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # MLflow's own, of SQLAlchemy
def test_export_to_mlflow_keeps_every_number_once():
    from mlflow import MlflowClient

    store = "sqlite:///mlflow.db"
    first = call("export", "reports/geyser", "reports/point", "--store", store)
    assert first.exit_code == 0, first.output
    again = call("export", "reports/geyser", "--store", store)
    assert "is there already" in again.stdout
    client = MlflowClient(tracking_uri=store)
    runs = client.search_runs([client.get_experiment_by_name("gmm_ppl").experiment_id])  # pyright: ignore[reportOptionalMemberAccess]
    assert len(runs) == 2
    known = {run.data.tags["mlflow.runName"]: run for run in runs if run.data.metrics.get("mcmc.draws")}
    metrics = json.loads(Path("reports/geyser/metrics.json").read_text())
    assert known["geyser"].data.metrics["criteria.bic"] == metrics["criteria"]["bic"]
    assert known["geyser"].data.params["model.components"] == "2"
    assert {each.path for each in client.list_artifacts(known["geyser"].info.run_id)} >= {"results.nc", "report.md"}


WRONG = {
    "no run": (["predict", "nowhere", "new.csv"], "there is no such file"),
    "no rows": (["predict", "reports/geyser", "nowhere.csv"], "nowhere.csv"),
    "an unknown suffix": (["predict", "reports/geyser", "new.csv", "--out", "p.xls"], "ends in .csv, .parquet, .nc, got '.xls'"),
    "no such directory": (["sample", "reports/geyser", "--out", "no/p.csv"], "there is no directory no; make it first"),
    "no rows to draw": (["sample", "reports/geyser", "--rows", "0"], "rows must be at least 1"),
    "a share that is none": (["predict", "reports/geyser", "new.csv", "--outlying", "2"], "outlying must be between 0 and 1"),
    "one result": (["compare", "reports/geyser"], "two results or more; given 1"),
    "another tool": (["export", "reports/geyser", "--to", "mlfow"], "unknown tool 'mlfow'; did you mean 'mlflow'?"),
    "no run to export": (["export", "reports"], "expected the directory of a finished run"),
}


@pytest.mark.parametrize("case", WRONG)
def test_mistakes_are_one_message_and_leave_nothing(case: str):
    words, message = WRONG[case]
    before = sorted(map(str, Path().rglob("*")))
    result = call(*words)
    assert (result.exit_code, message in result.stderr) == (2, True), result.stderr
    assert result.stderr.startswith("error: ")
    assert sorted(map(str, Path().rglob("*"))) == before

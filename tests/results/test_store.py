"""Files: an exact round trip, and readers that know nothing of this library."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from gmm_ppl.data.tables import as_table
from gmm_ppl.errors import InputError
from gmm_ppl.results.datatree import to_datatree
from gmm_ppl.results.store import load, save
from tests.results.fits import point_fit, values

WITH_ARVIZ = """
import json, sys, warnings
warnings.simplefilter("error")
import arviz as az
import matplotlib
matplotlib.use("agg")
tree = az.from_netcdf(sys.argv[1])
compared = az.compare({"one": tree, "other": az.from_netcdf(sys.argv[2])})
az.plot_trace_dist(tree, var_names=["weights", "means"], backend="matplotlib")
summary = az.summary(tree, var_names=["weights", "means"], round_to="none")
print(json.dumps({
    "mean": summary.loc["means[0, length]", "mean"],
    "elpd": az.loo(tree).elpd,
    "compared": list(compared.index),
    "imported": "gmm_ppl" in sys.modules,
}))
"""

WITH_OLD_ARVIZ = """
import json, sys, warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)
    import arviz as az
data = az.from_netcdf(sys.argv[1])
summary = az.summary(data, var_names=["weights", "means"], round_to="none")
print(json.dumps({
    "version": az.__version__,
    "kind": type(data).__name__,
    "groups": sorted(data.groups()),
    "mean": summary.loc["means[0, length]", "mean"],
    "elpd": az.loo(data, var_name="x").elpd_loo,
    "diverging": int(data.sample_stats["diverging"].sum()),
    "status": data.em_restarts["status"].values.tolist(),
    "attrs": data.attrs["covariance"],
}))
"""


def run(command: list[str]) -> dict:
    """What a process prints as JSON on its last line."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def file(sampled: xr.DataTree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree with draws, saved."""
    path = tmp_path_factory.mktemp("store") / "results.nc"
    save(sampled, path)
    return path


def test_a_tree_comes_back_as_it_was(sampled: xr.DataTree, file: Path) -> None:
    xr.testing.assert_identical(load(file), sampled)
    assert load(file)["sample_stats"].dataset["diverging"].dtype == bool


def test_a_point_with_text_and_missing_labels_comes_back(tmp_path: Path) -> None:
    x = values()
    labels = {"kind": ["é", ""] * 30, "age": np.where(np.arange(60) % 7, np.arange(60), np.nan), "old": np.arange(60) % 2 == 0}
    table = as_table({"a": x[:, 0], "b": x[:, 1], **labels}, columns=["a", "b"])
    tree = to_datatree(point_fit("full"), table, prior_draws=0)
    assert {"kind", "age", "old"} < set(tree["constant_data"].dataset.data_vars)
    save(tree, tmp_path / "results.nc")
    xr.testing.assert_identical(load(tmp_path / "results.nc"), tree)


def test_saving_replaces_a_file_and_leaves_nothing_beside_it(pointed: xr.DataTree, sampled: xr.DataTree, tmp_path: Path) -> None:
    path = tmp_path / "results.nc"
    save(pointed, path)
    first = load(path)
    save(sampled, path)
    assert "posterior" in load(path).children
    assert "posterior" not in first.children
    assert [each.name for each in tmp_path.iterdir()] == ["results.nc"]


def test_a_failed_save_keeps_the_old_file(pointed: xr.DataTree, tmp_path: Path) -> None:
    path = tmp_path / "results.nc"
    save(pointed, path)
    broken = pointed.copy()
    broken.attrs["refused"] = {"a": 1}
    with pytest.raises(TypeError, match="no native HDF5 equivalent"):
        save(broken, path)
    xr.testing.assert_identical(load(path), pointed)
    assert [each.name for each in tmp_path.iterdir()] == ["results.nc"]


def test_files_that_are_no_results_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"results\.nc: there is no such file; expected the results\.nc of a run\."):
        load(tmp_path / "results.nc")
    text = tmp_path / "text.nc"
    text.write_text("not netCDF")
    with pytest.raises(InputError, match=r"text\.nc cannot be read as netCDF"):
        load(text)
    foreign = tmp_path / "foreign.nc"
    xr.DataTree.from_dict({"/prior": xr.Dataset({"a": 1.0})}).to_netcdf(foreign, engine="h5netcdf")
    with pytest.raises(InputError, match="has neither an em_fit nor a posterior group, only: prior"):
        load(foreign)


def test_arviz_reads_compares_and_draws_it_without_this_library(file: Path, sampled: xr.DataTree, tmp_path: Path) -> None:
    moved = sampled.copy(deep=True)
    moved["log_likelihood"].dataset["x"].values[:] -= 1
    save(moved, tmp_path / "other.nc")
    found = run([sys.executable, "-c", WITH_ARVIZ, str(file), str(tmp_path / "other.nc")])
    assert found["mean"] == float(sampled["posterior"].dataset["means"].values[:, :, 0, 0].mean())
    assert found["elpd"] == pytest.approx(float(sampled["loo"].dataset["elpd_i"].sum()), rel=1e-12)
    assert found["compared"] == ["one", "other"]
    assert found["imported"] is False


@pytest.mark.slow
def test_the_old_arviz_reads_it_as_inference_data(file: Path, sampled: xr.DataTree) -> None:
    packages = [part for name in ("arviz==0.23.*", "h5netcdf", "h5py") for part in ("--with", name)]
    found = run(
        [
            "uv",
            "run",
            "--isolated",
            "--no-project",
            "--python",
            sys.executable,
            *packages,
            "python",
            "-c",
            WITH_OLD_ARVIZ,
            str(file),
        ]
    )
    assert found["version"].startswith("0.23")
    assert found["kind"] == "InferenceData"
    assert found["groups"] == sorted(sampled.children)
    assert found["mean"] == pytest.approx(float(sampled["posterior"].dataset["means"].values[:, :, 0, 0].mean()), rel=1e-12)
    assert found["elpd"] == pytest.approx(float(sampled["loo"].dataset["elpd_i"].sum()), abs=0.1)
    assert found["diverging"] == int(sampled["sample_stats"].dataset["diverging"].values.sum())
    assert found["status"] == ["CONVERGED", "STEP_LIMIT", "COLLAPSED"]
    assert found["attrs"] == "full"

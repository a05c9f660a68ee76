"""The real thing, small: the package's own engines and report behind the command line."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from typer.testing import CliRunner

from gmm_ppl.cli import app

pytestmark = pytest.mark.slow

SAMPLED = """\
name: sampled
data: {dataset: faithful}
model: {components: 2}
em: {starts: 3}
mcmc: {chains: 2, draws: 60, warmup: 60}
"""
LIKELIHOOD = """\
name: likelihood
data: {dataset: faithful}
model: {components: 2, prior: flat}
em: {starts: 3}
mcmc: null
report: {formats: [md]}
"""
METRICS = {
    "em": ["objective", "log_likelihood", "log_posterior", "iterations", "status", "converged", "starts", "distinct_optima"],
    "mcmc": [
        "chains",
        "draws",
        "max_rhat",
        "min_ess_bulk",
        "min_ess_tail",
        "divergences",
        "sampling_seconds",
        "label_switches",
    ],
    "criteria": [
        "log_likelihood",
        "n_parameters",
        "bic",
        "aic",
        "icl",
        "elpd_loo",
        "elpd_loo_se",
        "pareto_k_max",
        "log_evidence",
    ],
    "agreement": ["max_abs_z_weights", "max_abs_z_means", "max_abs_z_covariances"],
}


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GMM_PPL_CACHE", "off")


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which processes share one cache of compiled programs."""
    return {**os.environ, "GMM_PPL_CACHE": str(tmp_path_factory.mktemp("cache"))}


def call(*words: str) -> str:
    """The standard output of a command that succeeds."""
    result = CliRunner().invoke(app, [*words])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def metrics(directory: str) -> dict[str, Any]:
    """The numbers of a run, without the seconds that it took."""
    found = json.loads(Path(directory, "metrics.json").read_text())
    found["mcmc"].pop("sampling_seconds")
    return found


def test_a_sampled_run_can_be_repeated_and_its_report_rebuilt(write: Callable[..., Path]):
    write(SAMPLED)
    assert call("run", "x.yaml") == "reports/sampled\n"
    found = json.loads(Path("reports/sampled/metrics.json").read_text())
    assert {group: list(numbers) for group, numbers in found.items()} == METRICS
    assert (found["mcmc"]["chains"], found["mcmc"]["draws"]) == (2, 60)

    assert call("run", "reports/sampled/config.resolved.yaml", "--out", "again") == "again\n"
    assert metrics("again") == metrics("reports/sampled")

    before = Path("reports/sampled/report.md").read_text()
    Path("alone").mkdir()
    Path("reports/sampled/results.nc").rename("alone/results.nc")
    assert call("report", "alone") == "alone/figures\nalone/report.html\nalone/report.md\n"
    assert Path("alone/report.md").read_text() == before


def test_maximum_likelihood_is_that_of_mclust_and_nothing_is_sampled(write: Callable[..., Path]):
    write(LIKELIHOOD)
    call("run", "x.yaml")
    found = json.loads(Path("reports/likelihood/metrics.json").read_text())
    # R mclust 6.0.0, VVV, two components.
    assert found["em"]["log_likelihood"] == pytest.approx(-1130.26396018, abs=1e-6)
    assert found["criteria"]["n_parameters"] == 11
    assert set(found["mcmc"].values()) == set(found["agreement"].values()) == {None}
    with xr.open_datatree("reports/likelihood/results.nc", engine="h5netcdf") as tree:
        assert "posterior" not in tree.children
        assert json.loads(tree.attrs["provenance"])["seeds"] == {"em": 0, "mcmc": 1, "results": 2, "bootstrap": 3}
    assert not Path("reports/likelihood/report.html").exists()
    call("report", "reports/likelihood")
    assert not Path("reports/likelihood/report.html").exists()


@pytest.mark.parametrize("line", ["EM: Converged", "NUTS:"])
def test_a_killed_run_leaves_nothing_that_looks_finished(write: Callable[..., Path], cached: dict[str, str], line: str):
    write(SAMPLED)
    command = [sys.executable, "-m", "gmm_ppl.cli", "run", "x.yaml"]
    with subprocess.Popen(command, env=cached, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith(line):
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    assert all(name.startswith(".") for name in os.listdir("reports"))
    assert not list(Path("reports").rglob("manifest.json"))


def test_an_interrupted_run_leaves_nothing_at_all(write: Callable[..., Path], cached: dict[str, str]):
    write(SAMPLED)
    command = [sys.executable, "-m", "gmm_ppl.cli", "run", "x.yaml"]
    with subprocess.Popen(command, env=cached, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith("EM: Converged"):
            assert process.poll() is None
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "interrupted: reports/sampled was not written"
    assert os.listdir() == ["x.yaml"]

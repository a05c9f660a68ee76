"""The command line as a stranger meets it: exit codes, what goes to which stream, what is left behind."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gmm_ppl.cli import app
from gmm_ppl.experiment import engines, execute
from gmm_ppl.inference.base import Status

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GMM_PPL_CACHE", "off")


@pytest.fixture
def fake(stand_ins: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command line with stand-ins for the engines and the report."""
    monkeypatch.setattr(execute, "default_engines", lambda: stand_ins.engines)
    monkeypatch.setattr("gmm_ppl.cli.common.render", stand_ins.render)
    return stand_ins


def call(*words: str) -> Result:
    """Run a command in this process."""
    return RUNNER.invoke(app, [*words])


def test_run_prints_the_directory_and_nothing_else(geyser: str, fake: Any):
    result = call("run", "x.yaml")
    assert (result.exit_code, result.stdout) == (0, "reports/geyser\n")
    assert "NUTS: 2 chains of 10 draws" in result.stderr
    assert "reports/geyser: done in" in result.stderr
    assert Path("reports/geyser/manifest.json").exists()


def test_quiet_run_says_nothing_but_the_directory(geyser: str, fake: Any):
    result = call("run", "x.yaml", "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "reports/geyser\n", "")


def test_run_elsewhere_with_other_settings(geyser: str, fake: Any):
    result = call("run", "x.yaml", "--out", "deep/er", "--set", "em.starts=9", "--set", "mcmc.draws=6")
    assert (result.exit_code, result.stdout) == (0, "deep/er\n")
    assert fake.calls["fit"]["starts"] == 9
    assert json.loads(Path("deep/er/manifest.json").read_text())["config"]["set"] == ["em.starts=9", "mcmc.draws=6"]
    assert not Path("reports").exists()


def test_run_twice_says_so(geyser: str, fake: Any):
    call("run", "x.yaml")
    fake.calls.clear()
    result = call("run", "x.yaml")
    assert (result.exit_code, result.stdout, fake.calls) == (0, "reports/geyser\n", {})
    assert "reports/geyser: nothing to do" in result.stderr
    assert call("run", "x.yaml", "--force").exit_code == 0
    assert set(fake.calls) == {"fit", "sample", "tree"}


def test_several_configs(geyser: str, write: Callable[..., Path], fake: Any):
    write(geyser.replace("geyser", "second"), "y.yaml")
    assert call("run", "x.yaml", "y.yaml").stdout == "reports/geyser\nreports/second\n"


WRONG = {
    "nothing is run if one of several is wrong": (
        ["run", "x.yaml", "nowhere.yaml"],
        "error: nowhere.yaml: there is no such file\n",
    ),
    "one directory for two": (
        ["run", "x.yaml", "x.yaml", "--out", "a"],
        "error: --out names the directory of one run; give one config with it, or leave it away\n",
    ),
    "two of one name": (
        ["run", "x.yaml", "x.yaml"],
        "error: two configs are named geyser and would write one directory; change `name` in one of them\n",
    ),
    "wrong setting": (
        ["run", "x.yaml", "--set", "em.starts=many"],
        "error: --set em.starts: em.starts: expected a whole number, got the text 'many'\n",
    ),
    "unknown column": (
        ["check", "x.yaml", "--set", "data.columns=[wating]"],
        "error: --set data.columns: data.columns[0]: No column 'wating' in dataset faithful; did you mean 'waiting'?",
    ),
    "too many components": (
        ["check", "x.yaml", "--set", "model.components=300"],
        "error: --set model.components: model.components: 300 components are more than the 272 rows of ",
    ),
    "impossible number of a prior": (
        ["run", "x.yaml", "--set", "model.prior={kind: conjugate, mean_precision: 0}"],
        "error: --set model.prior: model.prior.mean_precision: prior: mean_precision must be "
        "one number greater than 0; given 0.0.\n",
    ),
    "prior without a mode": (
        ["check", "x.yaml", "--set", "model.prior={kind: conjugate, concentration: 0.5}"],
        "error: --set model.prior: model.prior.concentration: prior: a concentration below 1 puts infinite density where",
    ),
    "function that cannot be imported": (
        ["run", "x.yaml", "--set", "model.prior={kind: program, function: 'nowhere:prior'}"],
        "error: --set model.prior: model.prior.function: prior: function 'nowhere:prior' cannot be imported",
    ),
    "missing data file": (
        ["run", "x.yaml", "--set", "data={path: rows.csv}"],
        "error: --set data: data.path: No file 'rows.csv'",
    ),
    "report of nothing": (
        ["report", "reports/nowhere"],
        "error: reports/nowhere: there is no such directory; give the directory of a run, such as reports/faithful\n",
    ),
    "report without results": (
        ["report", "."],
        "error: .: there is no results.nc in it; give the directory of a finished run\n",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_one_message_code_2_and_no_directory(geyser: str, fake: Any, case: str):
    words, expected = WRONG[case]
    result = call(*words)
    assert result.exit_code == 2
    assert result.stderr.startswith(expected)
    assert result.stdout == ""
    assert os.listdir() == ["x.yaml"]


def test_results_that_are_no_results(write: Callable[[str], Path]):
    write("not a netCDF file", "a/results.nc")
    result = call("report", "a")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: a/results.nc cannot be read as netCDF (")


def test_all_problems_stand_on_lines_of_their_own(write: Callable[[str], Path]):
    write("name: a\nsed: 1\nmodel: {components: 0}\n")
    result = call("check", "x.yaml")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "error: x.yaml: 3 problems",
        "x.yaml:1:1: data: this key is missing. Where the rows come from.",
        "x.yaml:2:1: sed: unknown key; did you mean 'seed'? (allowed here: name, seed, data, model, em, mcmc, report, sweep)",
        "x.yaml:3:21: model.components: expected a number of at least 1, got 0",
    ]


def test_failed_fit_is_code_1(geyser: str, fake: Any, monkeypatch: pytest.MonkeyPatch):
    from gmm_ppl.errors import FitError

    def fail(*_: object, **__: object) -> None:
        raise FitError("EM: The objective is not finite.")

    monkeypatch.setattr(fake, "_fit", fail)
    result = call("run", "x.yaml")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, "the fit failed: EM: The objective is not finite.")
    assert os.listdir() == ["x.yaml"]


def test_interruption_is_code_130_and_says_what_is_left(geyser: str, fake: Any):
    fake.status = Status.INTERRUPTED
    result = call("run", "x.yaml")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (130, "interrupted: reports/geyser was not written")
    fake.status = Status.CONVERGED
    call("run", "x.yaml")
    fake.status = Status.INTERRUPTED
    result = call("run", "x.yaml", "--force")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        130,
        "interrupted: reports/geyser is as it was before",
    )


def test_check_says_what_would_be_run_and_writes_nothing(geyser: str):
    result = call("check", "x.yaml")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "x.yaml: fine, would write reports/geyser",
        "  data: dataset faithful, 272 rows, features eruptions, waiting",
        "  model: 2 components, full covariance, weak prior, 11 free parameters",
        "  em: 3 starts (several), at most 1000 steps each, tolerance 1e-10",
        "  mcmc: nuts, 2 chains of 10 draws after as many warm-up steps as they need",
        "  report: html, md",
    ]
    assert os.listdir() == ["x.yaml"]


PROGRAM = """\
import jax.numpy as jnp
import numpyro
from numpyro import distributions as dist


def prior(components, features):
    weights = numpyro.sample("weights", dist.Dirichlet(jnp.ones(components)))
    means = numpyro.sample("means", dist.Normal(0, 100).expand((components, features)).to_event(2))
    variances = numpyro.sample("variances", dist.LogNormal(0, 3).expand((components,)).to_event(1))
    return weights, means, variances
"""


def test_a_prior_of_ones_own_from_a_module_in_the_working_directory(
    geyser: str, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "path", [*sys.path])
    write(PROGRAM, "own_prior.py")
    model = "model={components: 2, covariance: spherical, prior: {kind: program, function: 'own_prior:prior'}}"
    result = call("check", "x.yaml", "--set", model)
    assert result.exit_code == 0, result.stderr
    assert "  model: 2 components, spherical covariance, program prior, 7 free parameters" in result.stdout.splitlines()


def test_list_has_every_registry():
    rows = [line.split("\t") for line in call("list").stdout.splitlines()]
    kinds = ["dataset", "covariance", "prior", "start", "acceleration", "data pass", "sampler", "relabelling"]
    kinds += ["calibration", "format", "section", "figure"]
    assert list(dict.fromkeys(row[0] for row in rows)) == kinds
    assert all(len(row) == 3 and all(row) for row in rows)
    names = {"faithful", "tied", "separated", "several", "kmeans", "numpy", "nuts", "laplace", "tempered", "stephens", "verdict"}
    assert names <= {row[1] for row in rows}


def test_schema_is_json_and_names_the_draft():
    schema = json.loads(call("schema").stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["required"]) == {"name", "data", "model"}


def test_schema_as_a_page():
    assert call("schema", "--markdown").stdout.startswith("# Configs\n")


def test_version():
    from importlib.metadata import version

    assert call("--version").stdout == f"{version('gmm_ppl')}\n"


def test_formats_are_those_that_reports_are_written_in():
    from gmm_ppl.experiment.formats import FORMATS
    from gmm_ppl.report.write import FORMATS as WRITTEN

    assert set(FORMATS) == set(WRITTEN)


def test_help_names_the_cache():
    assert "GMM_PPL_CACHE=off" in call("--help").stdout


def test_default_engines_are_the_packages_own(monkeypatch: pytest.MonkeyPatch):
    from gmm_ppl import fit, to_datatree
    from gmm_ppl.inference.nuts import sample as nuts

    found = engines.default_engines()
    assert (found.fit, found.to_datatree) == (fit, to_datatree)
    monkeypatch.setattr(nuts, "sample", lambda *args, **options: (args, options))
    assert found.sample("nuts", "mixture", "data", seed=3) == (("mixture", "data"), {"seed": 3})

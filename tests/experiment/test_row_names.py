"""A file whose first column has no name, as R and pandas write it: what is made of it is said wherever people look."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import gmm_ppl as gp
from gmm_ppl.cli import app

ROWS = "".join(f'"flower {n}",{n % 5 + 10 * (n % 2)},{n * n % 7}\n' for n in range(40))
CONFIG = """\
name: flowers
data: {path: flowers.csv}
model: {components: 2}
em: {starts: 2}
mcmc: null
report: {formats: [md]}
"""
REMARK = "the first column has no name: it holds the names of the rows, kept as the label row_names, and is no feature"


def call(*words: str) -> str:
    """The standard output of a command that succeeds."""
    result = CliRunner().invoke(app, [*words])
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture(autouse=True)
def _flowers(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GMM_PPL_CACHE", "off")
    write(f'"","petal","sepal"\n{ROWS}', "flowers.csv")
    write(CONFIG)


def test_check_says_it_below_the_data():
    assert call("check", "x.yaml").splitlines()[1:3] == [
        "  data: flowers.csv, 40 rows, features petal, sepal",
        f"  data: {REMARK}",
    ]


def test_init_says_it_beside_the_path():
    assert call("init", "flowers.csv") == "flowers.yaml\n"
    text = Path("flowers.yaml").read_text()
    assert f'data:\n  # {REMARK}\n  path: "flowers.csv"\n  columns: ["petal", "sepal"]\n' in text
    assert yaml.safe_load(text)["data"] == {"path": "flowers.csv", "columns": ["petal", "sepal"]}
    assert f"  data: {REMARK}" in call("check", "flowers.yaml").splitlines()


def test_init_and_check_say_nothing_where_there_is_no_such_column(write: Callable[..., Path]):
    write("petal,sepal\n1,2\n3,5\n4,9\n", "plain.csv")
    call("init", "plain.csv")
    assert 'data:\n  path: "plain.csv"\n' in Path("plain.yaml").read_text()
    assert [line.split(":")[0] for line in call("check", "plain.yaml").splitlines()[1:]] == [
        *("  data", "  model", "  em", "  mcmc", "  report"),
    ]


def test_a_run_says_it_in_its_log_its_record_and_its_report_and_keeps_the_names():
    call("run", "x.yaml")
    log = Path("reports/flowers/run.log").read_text().splitlines()
    assert log[0].endswith("flowers.csv: 40 rows, features petal, sepal")
    assert log[1].endswith(f"flowers.csv: {REMARK}")
    manifest = json.loads(Path("reports/flowers/manifest.json").read_text())
    assert (manifest["data"]["features"], manifest["data"]["remarks"]) == (["petal", "sepal"], [REMARK])
    report = Path("reports/flowers/report.md").read_text()
    assert (
        "\nThe first column has no name: it holds the names of the rows, kept as the label row\\_names, and is no feature.\n"
        "\nKnown and not used in the fit: row\\_names, 40 different values.\n"
    ) in report
    names = gp.load("reports/flowers")["constant_data"]["row_names"].values
    assert names[[0, 39]].tolist() == ["flower 0", "flower 39"]

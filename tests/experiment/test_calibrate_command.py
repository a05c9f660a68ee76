"""`gmm-ppl calibrate`: what it writes, what it prints, what it refuses."""

import html
import json
import os
import re
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import equinox as eqx
import jax
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from gmm_ppl.calibration import fault, run
from gmm_ppl.calibration.engines import Drawn, Simulated
from gmm_ppl.cli import app
from gmm_ppl.experiment.unchanged import unchanged
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.base import Sites
from gmm_ppl.priors.sites import draw_sites
from gmm_ppl.types import Array


@eqx.filter_jit
def prior_sites(posterior: Posterior, keys: Array) -> Sites:
    """Sites of the prior, one chain of them."""
    return jax.vmap(lambda each: draw_sites(posterior.prior, posterior.shape, each)[0])(keys)


def of_the_prior(simulated: Simulated, wanted: int, /, **_: object) -> Drawn:
    """Draws from the prior: no posterior, but fast, and a verdict that is known."""
    sites = prior_sites(simulated.posterior, jax.random.split(jax.random.key(simulated.seed), wanted))
    return Drawn(jax.tree.map(lambda leaf: leaf[None], sites), {"effort": 2.0})


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GMM_PPL_CACHE", "off")
    monkeypatch.setattr(run, "ENGINES", {"nuts": of_the_prior})
    monkeypatch.setattr(fault, "ENGINES", {"tempered": of_the_prior})


def call(*words: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, ["calibrate", "x.yaml", *words])


WRITTEN = {"calibration.html", "calibration.md", "calibration.json", "ranks.npz", "manifest.json", "run.log", "figures"}


def test_it_prints_a_verdict_and_leaves_a_directory(geyser: str):
    result = call("--replications", "60", "--rows", "10")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Ranks are not uniform: those of ")
    assert lines[1].startswith("nuts: 60 replications of 10 rows, 0 failed, ")
    assert lines[-1] == "reports/geyser-calibration"
    assert len(lines) <= 24
    assert set(os.listdir("reports/geyser-calibration")) == WRITTEN


def test_the_files_agree(geyser: str):
    assert call("--replications", "60", "--rows", "10", "--out", "a", "--set", "seed=11", "--quiet").exit_code == 0
    record = json.loads(Path("a/calibration.json").read_text())
    assert record["replications"] == {"wanted": 60, "made": 60, "failed": 0}
    assert (record["engine"], record["rows"], record["features"], record["seeds"]) == ("nuts", 10, 2, {"calibration": 11})
    assert record["engine_notes"]["effort"] == {"mean": 2.0, "max": 2.0}
    assert not record["calibrated"]
    assert record["model"]["prior"]["mean_precision"] == 0.01
    with np.load("a/ranks.npz") as ranks:
        assert ranks["names"].tolist() == [test["name"] for test in record["tests"]]
        assert ranks["ranks"].shape == ranks["truth"].shape == (60, 17)
        assert ranks["usable"].all()
    page, text = Path("a/calibration.html").read_text(), Path("a/calibration.md").read_text()
    verdict = html.escape(record["verdict"])
    assert verdict in page
    assert page.index(verdict) < page.index("<svg")
    assert "log likelihood" in text
    assert "(figures/ranks.svg)" in text
    assert not re.findall(r'(?:src|href)="(?!#)', page)


def test_rows_are_the_datas_unless_given(geyser: str):
    assert call("--replications", "4").exit_code == 0
    assert json.loads(Path("reports/geyser-calibration/calibration.json").read_text())["rows"] == 272


def test_a_second_calibration_replaces_the_first(geyser: str):
    for seed in ("1", "2"):
        assert call("--replications", "60", "--rows", "10", "--out", "a", "--set", f"seed={seed}").exit_code == 0
    assert json.loads(Path("a/calibration.json").read_text())["seeds"] == {"calibration": 2}
    # The same config, but no run of it.
    assert unchanged(Path("x.yaml"), ["seed=2"], Path("a")) is None


def test_an_interruption_keeps_what_is_complete_and_says_so(geyser: str, monkeypatch: pytest.MonkeyPatch):
    in_parallel = run.in_parallel

    def interrupted(one: Callable, numbers: Sequence[int]):
        yield from islice(in_parallel(one, numbers), 60)
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "in_parallel", interrupted)
    result = call("--replications", "180", "--rows", "10", "--out", "a")
    assert result.exit_code == 130
    assert "Interrupted after 60 of 180 replications." in result.stdout
    assert "interrupted; 60 of 180 replications were kept" in Path("a/run.log").read_text()
    assert json.loads(Path("a/calibration.json").read_text())["replications"]["made"] == 60


def test_an_interruption_before_anything_leaves_nothing(geyser: str, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(run, "in_parallel", interrupted)
    result = call("--replications", "30", "--out", "a")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (130, "interrupted")
    assert os.listdir() == ["x.yaml"]


REFUSED = {
    "flat prior": (
        ["--set", "model.prior=flat", "--set", "mcmc=null"],
        "error: --set model.prior: model.prior: calibration draws parameters from the prior, and a flat prior is no law",
    ),
    "no rows": (["--rows", "1"], "error: rows must be a whole number from 2; given 1."),
    "no replications": (["--replications", "0"], "error: replications must be a whole number from 1; given 0."),
    "unknown engine": (["--engine", "gibbs"], "error: engine: none is called 'gibbs'; choose one of nuts."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_are_one_message_code_2_and_no_directory(geyser: str, case: str):
    words, expected = REFUSED[case]
    result = call(*words)
    assert result.exit_code == 2
    assert result.stderr.startswith(expected)
    assert (result.stdout, os.listdir()) == ("", ["x.yaml"])


def test_files_of_others_are_not_replaced(geyser: str, write: Callable[..., Path]):
    write("mine", "a/mine.txt")
    result = call("--replications", "4", "--rows", "5", "--out", "a")
    assert result.exit_code == 2
    assert "there are files here that are no run of gmm-ppl" in result.stderr

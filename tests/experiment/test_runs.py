"""Experiments from a script: `gp.run`, with stand-ins for the engines and once in earnest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gmm_ppl as gp
from gmm_ppl import runs
from gmm_ppl.experiment import execute

SWEEP = "name: two\ndata: {dataset: faithful}\nmodel: {components: 2}\nmcmc: null\nsweep: {product: {seed: [1, 2]}}\n"


@pytest.fixture
def fake(stand_ins: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(execute, "default_engines", lambda: stand_ins.engines)
    monkeypatch.setattr(runs, "render", stand_ins.render)
    return stand_ins


@pytest.mark.parametrize("settings", [{"em.starts": 9, "model.prior": {"kind": "conjugate"}}, ["em.starts=9"], "em.starts=9"])
def test_settings_in_every_form(geyser: str, fake: Any, settings: Any):
    assert gp.run("x.yaml", settings=settings) == Path("reports/geyser")
    assert fake.calls["fit"]["starts"] == 9


def test_what_is_there_is_not_run_again(geyser: str, fake: Any):
    gp.run("x.yaml", out="a")
    fake.calls.clear()
    assert gp.run("x.yaml", out="a") == Path("a")
    assert fake.calls == {}
    gp.run("x.yaml", out="a", force=True)
    assert fake.calls


def test_a_sweep_and_what_failed_of_it(write: Callable[..., Path], fake: Any, monkeypatch: pytest.MonkeyPatch):
    fit = fake._fit

    def refuse(*args: Any, **options: Any) -> Any:
        if options["seed"] == 2:
            raise gp.FitError("no way")
        return fit(*args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(fake, "_fit", refuse)
        with pytest.raises(gp.FitError, match=r"2 runs: 1 done, 1 failed, 1 made now. Failed: seed-2_\w+: no way"):
            gp.run(write(SWEEP), workers=1)
    assert gp.run("x.yaml", workers=1, resume=True) == Path("reports/two")


def test_in_earnest_the_directory_is_loaded(write: Callable[..., Path]):
    text = "name: one\ndata: {dataset: faithful}\nmodel: {components: 1}\nmcmc: null\nem: {starts: 1}\nreport: {formats: [md]}\n"
    tree = gp.load(gp.run(write(text)))
    assert tree["em_fit"].sizes["obs"] == 272
    assert Path("reports/one/report.md").is_file()

"""What a new process pays: the libraries that a command imports, and the programs that it compiles."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEAVY = frozenset(
    """
    arviz arviz_base arviz_plots arviz_stats blackjax equinox h5netcdf jax jaxlib jinja2 matplotlib narwhals numpy numpyro
    optimistix pandas pydantic rich scipy scipy.optimize scipy.stats xarray yaml
    """.split()  # noqa: SIM905
)
OF_A_FIT = frozenset({"h5netcdf", "matplotlib", "numpy", "pandas", "pydantic", "xarray"})
OF_JAX = frozenset({"blackjax", "equinox", "jax", "jaxlib", "numpyro", "optimistix"})
CONFIG = """\
name: geyser
data: {dataset: faithful}
model: {components: 2}
em: {starts: 2}
mcmc: null
"""
PROBE = """\
import json, sys
import gmm_ppl.cli
sys.argv = ["gmm-ppl", *sys.argv[1:]]
compiled = []
try:
    if "--count" in sys.argv:
        sys.argv.remove("--count")
        import jax
        jax.monitoring.register_event_duration_secs_listener(
            lambda event, seconds, **named: event.endswith("/backend_compile_duration") and compiled.append(named.get("fun_name"))
        )
    gmm_ppl.cli.main()
finally:
    print(json.dumps({"modules": sorted(sys.modules), "compiled": compiled}), file=sys.stderr)
"""


def command(*words: str, **environment: str) -> dict[str, Any]:
    """Run a command in a process of its own; the heavy libraries it imported, and the programs it compiled or read."""
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE, *words],
        capture_output=True,
        text=True,
        env={**os.environ, "GMM_PPL_CACHE": "off", **environment},
    )
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stderr.splitlines()[-1])
    return {"heavy": HEAVY & set(found["modules"]), "compiled": found["compiled"], "said": answer.stderr.splitlines()[:-1]}


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A config whose run is there, in a directory beside it, and what the run took."""
    folder = tmp_path_factory.mktemp("cold")
    (folder / "x.yaml").write_text(CONFIG)
    return folder, command("run", str(folder / "x.yaml"), "--out", str(folder / "out"), "--quiet")


def test_help_imports_nothing_heavy():
    assert command("--help")["heavy"] == set()


def test_a_fit_without_a_sampler_imports_only_what_it_uses(fitted: tuple[Path, dict[str, Any]]):
    heavy = fitted[1]["heavy"]
    assert heavy >= OF_A_FIT
    assert not heavy & {"arviz", "arviz_base", "arviz_plots", "arviz_stats", "blackjax", "scipy.optimize", "scipy.stats"}
    # The default prior is conjugate: no M-step of its EM climbs. The output is no terminal: nothing on it is coloured.
    assert not heavy & {"optimistix", "rich"}


def test_nothing_short_of_draws_needs_a_compiler(fitted: tuple[Path, dict[str, Any]]):
    folder, run = fitted
    assert run["heavy"] & OF_JAX == set()
    (folder / "new.csv").write_text("eruptions,waiting\n3.1,70\n")
    for words in (
        ("predict", str(folder / "out"), str(folder / "new.csv")),
        ("sample", str(folder / "out"), "--rows", "3"),
        ("show", str(folder / "out")),
        ("check", str(folder / "x.yaml")),
    ):
        assert command(*words)["heavy"] & OF_JAX == set(), words


def test_an_unchanged_run_needs_neither_jax_nor_labelled_arrays(fitted: tuple[Path, dict[str, Any]]):
    folder, _ = fitted
    again = command("run", str(folder / "x.yaml"), "--out", str(folder / "out"))
    assert "nothing to do" in again["said"][0]
    # Typer brings pydantic, and the rows of a bundled data set are compared as numbers.
    assert again["heavy"] <= {"numpy", "pydantic", "yaml"}


def test_a_report_made_anew_needs_no_model_and_compiles_nothing(fitted: tuple[Path, dict[str, Any]]):
    again = command("report", str(fitted[0] / "out"), "--count")
    assert not again["heavy"] & {"numpyro", "optimistix", "blackjax", "scipy.optimize", "scipy.stats"}
    assert again["compiled"] == []

"""What is waited for at a shell: imports, the help, a run (first, again, unchanged), its report made anew, a sweep."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.benchmarks.harness import Answer, Contestant, Row, seconds

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(sys.executable).parent / "gmm-ppl"
RUN = (str(PROGRAM), "run", "configs/faithful.yaml", "--quiet", "--out")
EM_ALONE = ("--set", "mcmc=null")
SWEEP = f"""\
name: hundred
data: {{dataset: faithful}}
mcmc: null
em: {{starts: 4}}
sweep: {{product: {{model.components: [1, 2, 3, 4, 5], seed: {list(range(20))}}}}}
"""


LOADED = "import gmm_ppl as gp; x = gp.datasets.load('faithful'); "
SCRIPTS = (
    ("fit of faithful, K = 2", LOADED + "gp.fit(gp.Mixture(2), x)", None),
    ("fit_range of faithful, K = 1…9, 10 starts", LOADED + "gp.fit_range(gp.Mixture(1), x, range(1, 10), starts=10)", 1.5),
    (
        "fit of 1000 × 5 rows, K = 4, 20 starts",
        "import gmm_ppl as gp, numpy as np; r = np.random.default_rng(0); "
        "x = r.normal(size=(1000, 5)) + 4 * r.integers(4, size=(1000, 1)); "
        "gp.fit(gp.Mixture(4), x)",
        2,
    ),
    ("fit of faithful under a separated prior", LOADED + "gp.fit(gp.Mixture(2, prior='separated'), x)", 6),
    (
        "scikit-learn's fit of faithful, K = 2",
        "import numpy as np; from sklearn.mixture import GaussianMixture; "
        "GaussianMixture(2).fit(np.loadtxt('gmm_ppl/data/datasets/faithful.csv', delimiter=',', skiprows=1))",
        None,
    ),
)
"""Scripts that are one process each, with caches of no kind, and the seconds aimed at."""


def rows(quick: bool) -> Iterator[Row]:
    """Commands without work, then runs with an empty cache of programs, a full one, and nothing to do."""
    rounds = 1 if quick else 7
    yield Row("import gmm_ppl", lambda: [command([sys.executable, "-c", "import gmm_ppl"])], rounds=rounds)
    yield Row(
        "import gmm_ppl and name fit", lambda: [command([sys.executable, "-c", "import gmm_ppl; gmm_ppl.fit"])], rounds=rounds
    )
    yield Row("gmm-ppl --help", lambda: [command([str(PROGRAM), "--help"])], rounds=rounds, at_most=0.4)
    for name, script, reach in SCRIPTS:
        yield Row(f"whole process: {name}", lambda script=script: [fresh(script)], rounds=min(rounds, 5), at_most=reach)
    for name, options, reach in (("EM of faithful.yaml", EM_ALONE, (4, 3.5)), ("faithful.yaml", (), (25, 10))):
        yield Row(f"{name}, first time", lambda options=options: [run(first, options)], rounds=min(rounds, 3), at_most=reach[0])
        yield Row(f"{name}, second time", lambda options=options: [run(second, options)], rounds=min(rounds, 5), at_most=reach[1])
    yield Row("EM of faithful.yaml, unchanged", lambda: [run(unchanged, EM_ALONE)], rounds=min(rounds, 5), at_most=1)
    yield Row("report of faithful.yaml, made anew", lambda: [run(rebuilt, ())], rounds=min(rounds, 3), at_most=5)
    if not quick:
        yield Row("sweep of 100 EM fits, first time", lambda: [swept(again=False)], rounds=1, at_most=60)
        yield Row("sweep of 100 EM fits, second time", lambda: [swept(again=True)], rounds=1, at_most=60)


def command(words: Sequence[str]) -> Contestant:
    """A process from start to end; it must succeed."""
    return Contestant("ours", lambda: execute(words), lambda: seconds(lambda: execute(words)))


def execute(words: Sequence[str], **environment: str) -> Answer:
    """Run a command in the project's root, by a Python that keeps bytecode, as users' do."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(words, cwd=ROOT, env={**kept, **environment}, check=True, capture_output=True)
    return {}


def fresh(script: str) -> Contestant:
    """A script in a process that finds no cache."""

    def cost() -> float:
        with tempfile.TemporaryDirectory() as place:
            return seconds(lambda: execute([sys.executable, "-W", "ignore", "-c", script], HOME=place, XDG_CACHE_HOME=place))

    return Contestant("ours", dict, cost)


def run(timed: Callable[..., float], options: Sequence[str]) -> Contestant:
    """A run in a place of its own; it must have found the mode."""

    def cost() -> float:
        with tempfile.TemporaryDirectory() as place:
            return timed(Path(place), *options)

    return Contestant("ours", dict, cost)


def first(place: Path, *options: str) -> float:
    """With nothing compiled before."""
    return seconds(lambda: experiment(place, *options))


def second(place: Path, *options: str) -> float:
    """With what the first left in the cache."""
    experiment(place, *options)
    return seconds(lambda: experiment(place, *options, "--force"))


def unchanged(place: Path, *options: str) -> float:
    """The same command again, which has nothing to do."""
    experiment(place, *options)
    return seconds(lambda: experiment(place, *options))


def rebuilt(place: Path, *options: str) -> float:
    """`gmm-ppl report` of it."""
    experiment(place, *options)
    return seconds(lambda: execute([str(PROGRAM), "report", str(place / "run")], GMM_PPL_CACHE=str(place / "cache")))


def experiment(place: Path, *options: str) -> None:
    """The run, and a look at what it left."""
    execute([*RUN, str(place / "run"), *options], GMM_PPL_CACHE=str(place / "cache"))
    if not json.loads((place / "run" / "metrics.json").read_text(encoding="utf-8"))["em"]["converged"]:
        raise RuntimeError("the run did not find the mode")


def swept(*, again: bool) -> Contestant:
    """A hundred fits of five shapes, each with its report, by as many workers as there are processors."""

    def cost() -> float:
        with tempfile.TemporaryDirectory() as place:
            if again:
                sweep(Path(place))
            return seconds(lambda: sweep(Path(place), "--force"))

    return Contestant("ours", dict, cost)


def sweep(place: Path, *options: str) -> None:
    """The sweep, of which every run must be there."""
    (place / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    words = [str(PROGRAM), "run", str(place / "sweep.yaml"), "--out", str(place / "out"), "--quiet", *options]
    execute(words, GMM_PPL_CACHE=str(place / "cache"))
    if len(list(place.glob("out/runs/*/report.html"))) != 100:
        raise RuntimeError("runs of the sweep are missing")

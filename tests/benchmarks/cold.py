"""What is waited for at a shell: the import, the help, and EM of configs/faithful.yaml, first, again and unchanged."""

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
RUN = (str(PROGRAM), "run", "configs/faithful.yaml", "--set", "mcmc=null", "--quiet", "--out")


def rows(quick: bool) -> Iterator[Row]:
    """Commands without work, then runs with an empty cache of programs, a full one, and nothing to do."""
    rounds = 1 if quick else 7
    yield Row("import gmm_ppl", lambda: [command([sys.executable, "-c", "import gmm_ppl"])], rounds=rounds)
    yield Row(
        "import gmm_ppl and name fit", lambda: [command([sys.executable, "-c", "import gmm_ppl; gmm_ppl.fit"])], rounds=rounds
    )
    yield Row("gmm-ppl --help", lambda: [command([str(PROGRAM), "--help"])], rounds=rounds, at_most=0.4)
    yield Row("EM of faithful.yaml, first time", lambda: [run(first)], rounds=min(rounds, 3))
    yield Row("EM of faithful.yaml, second time", lambda: [run(second)], rounds=min(rounds, 5), at_most=5)
    yield Row("EM of faithful.yaml, unchanged", lambda: [run(unchanged)], rounds=min(rounds, 5))


def command(words: Sequence[str]) -> Contestant:
    """A process from start to end; it must succeed."""
    return Contestant("ours", lambda: execute(words), lambda: seconds(lambda: execute(words)))


def execute(words: Sequence[str], **environment: str) -> Answer:
    """Run a command in the project's root."""
    subprocess.run(words, cwd=ROOT, env={**os.environ, **environment}, check=True, capture_output=True)
    return {}


def run(timed: Callable[[Path], float]) -> Contestant:
    """A run in a place of its own; it must have found the mode."""

    def cost() -> float:
        with tempfile.TemporaryDirectory() as place:
            return timed(Path(place))

    return Contestant("ours", dict, cost)


def first(place: Path) -> float:
    """With nothing compiled before."""
    return seconds(lambda: experiment(place))


def second(place: Path) -> float:
    """With what the first left in the cache."""
    experiment(place)
    return seconds(lambda: experiment(place, "--force"))


def unchanged(place: Path) -> float:
    """The same command again, which has nothing to do."""
    experiment(place)
    return seconds(lambda: experiment(place))


def experiment(place: Path, *options: str) -> None:
    """The run, and a look at what it left."""
    execute([*RUN, str(place / "run"), *options], GMM_PPL_CACHE=str(place / "cache"))
    if not json.loads((place / "run" / "metrics.json").read_text(encoding="utf-8"))["em"]["converged"]:
        raise RuntimeError("the run did not find the mode")

"""Peak memory beyond the data: one EM iteration of `fit`, in a process of its own."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.benchmarks.harness import Answer, Contestant, Limit, Row
from tests.benchmarks.problems import problem

ROOT = Path(__file__).resolve().parents[2]
SIZE, TINY = (1_000_000, 16, 16), (2_000, 4, 3)
SAME = {"log-likelihood a row": Limit(1e-9)}
NAMES = {"ours": "ours", "scikit-learn": "scikit_learn"}


def rows(quick: bool) -> Iterator[Row]:
    """One row; the megabytes of the process without the fit are taken off."""
    size = TINY if quick else SIZE
    name = f"memory, one iteration, full, {size[0]}×{size[1]}, K={size[2]}"
    yield Row(name, lambda: [contestant(each, size) for each in NAMES], unit="MB", at_most=200, rounds=3)


def contestant(name: str, size: tuple[int, int, int]) -> Contestant:
    """A library; the log-likelihood after the iteration is the answer."""

    def answer() -> Answer:
        return {"log-likelihood a row": child(NAMES[name], size, fit=True)["log-likelihood a row"]}

    def cost() -> float:
        with_fit, without = (child(NAMES[name], size, fit=each)["peak"] for each in (True, False))
        return max(with_fit - without, 0.0)

    return Contestant(name, answer, cost, SAME)


def child(library: str, size: tuple[int, int, int], *, fit: bool) -> dict[str, float]:
    """What a process says of itself: it imports, fits a few rows, reads the data, and fits them if asked to."""
    with tempfile.TemporaryDirectory() as place:
        made = problem(*size)
        np.savez(Path(place) / "start.npz", weights=made.weights, means=made.means, covariances=made.covariances)
        np.save(Path(place) / "x.npy", made.x)
        command = [sys.executable, "-m", "tests.benchmarks.memory_child", library, place, "fit" if fit else "hold"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)

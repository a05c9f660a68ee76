"""The process whose memory is measured: `python -m tests.benchmarks.memory_child LIBRARY DIRECTORY fit|hold`."""

import json
import resource
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.benchmarks.problems import Problem


def main(library: str, directory: str, what: str) -> None:
    """Print the peak, and the log-likelihood if there was a fit."""
    one_iteration = ours() if library == "ours" else scikit_learn()
    x = np.load(Path(directory) / "x.npy")
    with np.load(Path(directory) / "start.npz") as start:
        made = Problem(x, start["weights"], start["means"], start["covariances"], "full")
    one_iteration(replace(made, x=x[:5000].copy()))
    found = {"log-likelihood a row": one_iteration(made) / len(x)} if what == "fit" else {}
    print(json.dumps({**found, "peak": peak()}))


def ours() -> Callable[[Problem], float]:
    """`gp.fit` for one iteration."""
    from tests.benchmarks.ours import fit

    return lambda made: fit(made, max_steps=1).log_likelihood


def scikit_learn() -> Callable[[Problem], float]:
    """`GaussianMixture.fit` for one iteration. Its bound lags by an iteration: the density is taken afterwards, in pieces."""
    from tests.benchmarks.peers.scikit_learn import fit

    def one(made: Problem) -> float:
        found = fit(made, max_iter=1)
        return float(sum(found.score_samples(each).sum() for each in np.array_split(made.x, -(-len(made.x) // 1000))))

    return one


def peak() -> float:
    """Megabytes that the process had at most.

    Linux counts in `ru_maxrss` what the parent had when it forked, so its own count is asked first.
    """
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    found = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return found[0] * 1.024e-3 if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    main(*sys.argv[1:])

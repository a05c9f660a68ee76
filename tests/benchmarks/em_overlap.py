"""Overlapping components: passes over the data to convergence, with acceleration and without."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.benchmarks import ours
from tests.benchmarks.harness import Answer, Contestant, Limit, Row
from tests.benchmarks.problems import Problem, overlapping

TOLERANCE = 1e-10
"""Nats a row from the maximum."""
FINEST = 1e-15
SAME = {"log-likelihood a row": Limit(2 * TOLERANCE, absolute=True)}
SIZES = ((20_000, 2, 1.0), (20_000, 8, 1.0))
TINY = ((500, 2, 2.0),)


def rows(quick: bool) -> Iterator[Row]:
    """A row for each data set and method of acceleration."""
    for size in TINY if quick else SIZES:
        for method in ours.accelerations():
            name = f"overlap, {size[0]}×{size[1]}, K=2, {size[2]:g} σ apart, {method}"
            yield Row(name, lambda size=size, method=method: contestants(overlapping(*size), method), unit="passes", rounds=1)


def contestants(made: Problem, method: str) -> list[Contestant]:
    """Accelerated EM, and plain EM, which should need four times as many passes to come as near to the same maximum."""
    best = ours.fit(made, tolerance=FINEST).log_likelihood
    return [passes("ours", made, method, best, None), passes("plain EM", made, None, best, 4.0)]


def passes(name: str, made: Problem, acceleration: str | None, best: float, reach: float | None) -> Contestant:
    """A fit whose cost is the passes over the data after which it is within the tolerance of the maximum.

    Not where it stops: a rule that stops too early would look like speed.
    """
    done: list[Any] = []

    def answer() -> Answer:
        done.append(ours.fit(made, tolerance=FINEST, acceleration=acceleration))
        return {"log-likelihood a row": done[0].log_likelihood / len(made.x)}

    def cost() -> float:
        trace = done[0].restarts.trace[0]
        return float(np.flatnonzero(trace >= best - TOLERANCE * len(made.x))[0])

    return Contestant(name, answer, cost, SAME, reach)

"""Overlapping components: passes over the data to convergence, with acceleration and without."""

from collections.abc import Iterator
from typing import Any

from tests.benchmarks import ours
from tests.benchmarks.harness import Answer, Contestant, Limit, Row
from tests.benchmarks.problems import Problem, overlapping

TOLERANCE = 1e-10
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
    """Accelerated EM, and plain EM, which should need four times as many passes."""
    plain = passes("plain EM", made, None, 4.0)
    return [passes("ours", made, method, None), plain]


def passes(name: str, made: Problem, acceleration: str | None, reach: float | None) -> Contestant:
    """A fit whose cost is `iterations`, which counts passes over the data."""
    done: list[Any] = []

    def answer() -> Answer:
        done.append(ours.fit(made, tolerance=TOLERANCE, acceleration=acceleration))
        return {"log-likelihood a row": done[0].log_likelihood / len(made.x)}

    return Contestant(name, answer, lambda: float(done[0].iterations), SAME, reach)

"""Whole fits to the same log-likelihood, each method with the loosest tolerance that gets it there."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks import ours
from tests.benchmarks.harness import Answer, Contestant, Limit, Row, seconds
from tests.benchmarks.peers import gmmx, scikit_learn
from tests.benchmarks.problems import Problem, faithful, problem

SIZES = ((20_000, 2, 3), (50_000, 8, 8), (200_000, 2, 3))
TINY = ((600, 2, 3),)
TOLERANCES = tuple(10.0**-power for power in range(3, 13))
A_ROW = 1e-6
"""Nats a row that a fit may be short of the maximum."""
STARTS = 20


@dataclass(frozen=True)
class Method:
    """A way to fit: `fit(tolerance)`, and the log-likelihood of what it gives, in double precision."""

    name: str
    fit: Callable[[float], Any]
    log_likelihood: Callable[[Any], float]
    reach: float | None = None
    note: str = ""


def rows(quick: bool) -> Iterator[Row]:
    """Several sizes, then Old Faithful from one start and from twenty."""
    for size in TINY if quick else SIZES:
        name = f"fit, full, {size[0]}×{size[1]}, K={size[2]}"
        yield Row(name, lambda size=size: one_start(problem(*size), 10, 5))
    two, four, starts = faithful(2), faithful(4), 2 if quick else STARTS
    yield Row(f"fit, faithful, {two.size}", lambda: one_start(two, 1, None))
    yield Row(f"fit, faithful, {four.size}, {starts} starts", lambda: many_starts(four, starts), rounds=5)


def one_start(made: Problem, reach: float, single_reach: float | None) -> list[Contestant]:
    """Ours, scikit-learn and gmmx from the problem's start."""
    return contestants(made, [our(made), theirs(made, reach), single(made, single_reach)])


def contestants(made: Problem, methods: Sequence[Method]) -> list[Contestant]:
    """The methods, each held to the maximum that ours finds with the tightest tolerance."""
    best = highest(made)
    return [contestant(each, best, len(made.x)) for each in methods]


def highest(made: Problem) -> float:
    """The maximum that ours climbs to, as near as rounding allows; the compiled pass is there from here on."""
    return ours.fit(made, tolerance=1e-13, data_pass="jax").log_likelihood


def contestant(method: Method, best: float, count: int, *, above_only: bool = False) -> Contestant:
    """The method with its tolerance found while it answers."""
    chosen: list[float] = []

    def answer() -> Answer:
        tolerance, value = loosest(method, best, count)
        chosen.append(tolerance)
        return {"log-likelihood a row": value / count}

    limits = {"log-likelihood a row": Limit(A_ROW, absolute=True, above_only=above_only)}
    cost = lambda: seconds(lambda: method.fit(chosen[0]))  # noqa: E731
    return Contestant(method.name, answer, cost, limits, method.reach, method.note)


def loosest(method: Method, best: float, count: int) -> tuple[float, float]:
    """The first tolerance from 10⁻³ down that ends within half of `A_ROW` of `best`, and where it ends; the last if none does."""
    found: list[tuple[float, float]] = []
    for tolerance in TOLERANCES:
        found.append((tolerance, method.log_likelihood(method.fit(tolerance))))
        if abs(found[-1][1] - best) <= A_ROW / 2 * count:
            return found[-1]
    return min(found, key=lambda each: abs(each[1] - best))


def our(made: Problem, **options: Any) -> Method:
    """`gp.fit`."""
    return Method("ours", lambda tolerance: ours.fit(made, tolerance=tolerance, **options), lambda found: found.log_likelihood)


def theirs(made: Problem, reach: float | None, **options: Any) -> Method:
    """scikit-learn."""
    return Method(
        "scikit-learn",
        lambda tolerance: scikit_learn.fit(made, tol=tolerance, **options),
        lambda found: float(found.score(made.x)) * len(made.x),
        reach,
    )


def single(made: Problem, reach: float | None) -> Method:
    """gmmx; what it finds is judged in double precision."""
    prepared: list[gmmx.Fits] = []

    def fit(tolerance: float) -> Any:
        if not prepared:
            prepared.append(gmmx.Fits(made))
        return prepared[0].fit(steps=2_000, tolerance=tolerance)

    def value(found: Any) -> float:
        return ours.total_log_likelihood(made, **gmmx.numbers(found.gmm))

    return Method("gmmx", fit, value, reach, gmmx.NOTE)


def many_starts(made: Problem, starts: int) -> list[Contestant]:
    """Fits from each library's own k-means starts, each held to the best that it finds itself: ours must be no worse."""
    own = {"weights_init": None, "means_init": None, "precisions_init": None, "n_init": starts, "random_state": 0}
    methods = [our(made, start="kmeans", starts=starts), theirs(made, 10, **own)]
    return [contestant(each, each.log_likelihood(each.fit(TOLERANCES[-1])), len(made.x), above_only=True) for each in methods]

"""One EM iteration, E and M, from the same parameters, for every family and several sizes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import gmm_ppl as gp
from tests.benchmarks import ours
from tests.benchmarks.harness import Absent, Answer, Contestant, Limit, Row, seconds
from tests.benchmarks.machine import product_rates
from tests.benchmarks.peers import gmmx, mclust, scikit_learn
from tests.benchmarks.problems import Problem, problem

FAMILIES = ("full", "tied", "diagonal", "spherical")
SIZES = {(200_000, 2, 3): 15.0, (200_000, 16, 16): 20.0, (20_000, 64, 32): 6.0, (200_000, 2, 50): 50.0}
"""N, D, K, and the ratio to scikit-learn aimed at for full covariances."""
OTHER_FAMILIES = {"diagonal": 10.0, "spherical": 10.0}
LARGE = {(200_000, 16, 16), (20_000, 64, 32)}
"""Where half of the rate of a matrix product is aimed at."""
TINY = {(500, 2, 3): 15.0, (400, 5, 4): 20.0}

SAME = {"log-likelihood": Limit(1e-9), "weights": Limit(1e-6), "means": Limit(1e-6), "covariances": Limit(1e-6)}
SINGLE = {"log-likelihood": Limit(1e-4), "weights": Limit(1e-3), "means": Limit(1e-3), "covariances": Limit(2e-3)}
STEPS = 10
MCLUST_STEPS = 3


def rows(quick: bool) -> Iterator[Row]:
    """A row for each family and size."""
    for family in FAMILIES:
        for size, reach in (TINY if quick else SIZES).items():
            reached = reach if family == "full" else OTHER_FAMILIES.get(family)
            name = f"iteration, {family}, {size[0]}×{size[1]}, K={size[2]}"
            facts = share_of_products(size, quick) if family == "full" else lambda medians: {}
            yield Row(name, contestants_of(size, family, reached), facts=facts)


def contestants_of(size: tuple[int, int, int], family: str, reach: float | None) -> Callable[[], Sequence[Contestant]]:
    """Who takes part, prepared when called."""

    def prepared() -> list[Contestant]:
        made = problem(*size, family)
        return [our_steps(made), their_steps(made, reach), single_steps(made), steps_in_r(made)]

    return prepared


def our_steps(made: Problem) -> Contestant:
    """Ours: a loop of steps, divided by their number."""
    steps = ours.Steps(made)
    return Contestant("ours", steps.one, lambda: seconds(lambda: steps.after(STEPS)) / STEPS)


def their_steps(made: Problem, reach: float | None) -> Contestant:
    """scikit-learn: one step."""
    steps = scikit_learn.Steps(made)

    def cost() -> float:
        steps.restart()
        return seconds(steps.step)

    return Contestant("scikit-learn", steps.one, cost, SAME, reach)


def single_steps(made: Problem) -> Contestant:
    """gmmx: its own loop, which is stopped by a number of steps."""
    prepared: list[gmmx.Fits] = []

    def answer() -> Answer:
        prepared.append(gmmx.Fits(made))
        prepared[0].fit(steps=STEPS, tolerance=0.0)
        return prepared[0].one()

    def cost() -> float:
        return seconds(lambda: prepared[0].fit(steps=STEPS, tolerance=0.0)) / STEPS

    return Contestant("gmmx", answer, cost, SINGLE, note=gmmx.NOTE)


def steps_in_r(made: Problem) -> Contestant:
    """mclust: `me`, whose first step is M at the responsibilities of the start."""
    prepared: list[mclust.Steps] = []

    def answer() -> Answer:
        if mclust.version() is None:
            raise Absent("Rscript with mclust is not installed")
        prepared.append(mclust.Steps(made, gp.responsibilities(made.start, made.x)))
        return prepared[0].one()

    parameters = {name: SAME[name] for name in ("weights", "means", "covariances")}
    return Contestant("mclust", answer, lambda: prepared[0].seconds(MCLUST_STEPS), parameters)


def share_of_products(size: tuple[int, int, int], quick: bool) -> Callable[[Mapping[str, float]], dict[str, Any]]:
    """The share that an iteration reaches of the rate of a large matrix product, had it to do its products alone."""
    count, features, components = size
    expanded = 1 + features + features * (features + 1) // 2
    products = 4e-9 * count * components * expanded

    def facts(medians: Mapping[str, float]) -> dict[str, Any]:
        rates, rate = product_rates(quick=quick), products / medians["ours"]
        shares = {f"share of a product by {name}": rate / each for name, each in rates.items()}
        aim = {"aimed at (of the faster)": 0.5, "reached": rate / max(rates.values()) >= 0.5} if size in LARGE else {}
        return {"GFLOP/s": rate, **shares, **aim}

    return facts

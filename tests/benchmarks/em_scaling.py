"""Time of one iteration against N, K and D: slopes in log–log, and a figure."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.em import our_steps
from tests.benchmarks.harness import Contestant, Row
from tests.benchmarks.problems import problem

AXES = {"N": 0, "D": 1, "K": 2}
REACH = {"N": 1.0, "K": 1.0, "D": 2.0}
BASE = (50_000, 8, 8)
POINTS = {"N": (12_500, 25_000, 50_000, 100_000, 200_000), "K": (4, 8, 16, 32, 64), "D": (8, 16, 32, 64)}
TINY_BASE = (200, 2, 2)
TINY_POINTS = {"N": (100, 200), "K": (2, 4), "D": (2, 4)}
PREFIX = "scaling with "


def rows(quick: bool) -> Iterator[Row]:
    """A row for each of N, K and D; its contestants are the points."""
    base = TINY_BASE if quick else BASE
    for axis, points in (TINY_POINTS if quick else POINTS).items():
        others = ", ".join(f"{name}={base[place]}" for name, place in AXES.items() if name != axis)
        facts = slope_of(axis, points)
        yield Row(f"{PREFIX}{axis} ({others})", prepared(base, axis, points), ratios=False, rounds=5, facts=facts)


def prepared(base: tuple[int, int, int], axis: str, points: Sequence[int]) -> Callable[[], list[Contestant]]:
    """Iterations at every point."""
    return lambda: [at(base, axis, point) for point in points]


def at(base: tuple[int, int, int], axis: str, point: int) -> Contestant:
    """Iterations where one of N, D and K is another."""
    size = tuple(point if place == AXES[axis] else each for place, each in enumerate(base))
    steps = our_steps(problem(*size))
    return Contestant(f"{axis}={point}", steps.answer, steps.cost)


def slope_of(axis: str, points: Sequence[int]) -> Callable[[Mapping[str, float]], dict[str, Any]]:
    """Slope of log time against log size, over all points and between the last two."""

    def facts(medians: Mapping[str, float]) -> dict[str, Any]:
        times = [medians[f"{axis}={point}"] for point in points]
        slope = float(np.polyfit(np.log(points), np.log(times), 1)[0])
        last = math.log(times[-1] / times[-2]) / math.log(points[-1] / points[-2])
        return {
            "slope": slope,
            "slope of the last two": last,
            "slope aimed at": REACH[axis],
            "points": list(points),
            "times": times,
        }

    return facts


def draw(results: Sequence[Mapping[str, Any]], out: Path) -> None:
    """`scaling.png`, if any of these rows was measured."""
    found = [each for each in results if each["name"].startswith(PREFIX) and each["facts"]]
    if not found:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.4 * len(found), 3.2), layout="constrained")
    for axes, result in zip(np.ravel(figure.subplots(1, len(found))), found, strict=True):
        points, times, slope = (result["facts"][name] for name in ("points", "times", "slope"))
        axes.loglog(points, times, "o-", color="black", markersize=4, linewidth=1)
        axes.set(title=result["name"], xlabel=result["name"][len(PREFIX)], ylabel="seconds an iteration")
        axes.title.set_size(8)
        axes.set_xticks(points, [f"{each:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") for each in points], size=8)
        axes.minorticks_off()
        spread = [tick for power in range(-6, 3) for tick in (10.0**power, 2 * 10.0**power, 5 * 10.0**power)]
        kept = [tick for tick in spread if min(times) / 1.5 < tick < max(times) * 1.5]
        axes.set_yticks(kept, [f"{tick:g}" for tick in kept], size=8)
        axes.annotate(f"slope {slope:.2f}", (0.05, 0.9), xycoords="axes fraction")
    figure.savefig(out / "scaling.png", dpi=150)

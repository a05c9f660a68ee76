"""Criteria against the number of components."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from gmm_ppl.report.figures.style import INK, chain_colour

CRITERIA = ("aic", "bic", "icl")


def draw_criteria(axes: Axes, scores: Mapping[int, Mapping[str, Any]], names: Sequence[str]) -> None:
    """A line for each of `names` by number of components, its smallest value marked and named."""
    for position, name in enumerate(names):
        by_number = {number: float(each[name]) for number, each in scores.items()}
        numbers, heights = list(by_number), list(by_number.values())
        best = min(by_number, key=lambda number: by_number[number])
        shade = chain_colour(position)
        axes.plot(numbers, heights, "o-", color=shade, markersize=4, label=f"{name.upper()}, smallest at K = {best}", gid=name)
        axes.plot([best], [by_number[best]], "o", markersize=10, markerfacecolor="none", markeredgecolor=INK, gid=f"best {name}")
    axes.set(xlabel="number of components K", ylabel="criterion, smaller is better")
    axes.locator_params(axis="x", integer=True)
    axes.legend()

"""The EM objective of every start, as the gap to the best."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from gmm_ppl.report.figures.style import CHAINS, INK, MUTED, Canvas, halo, new_figure, powers, styled
from gmm_ppl.report.numbers import decimals, plural
from gmm_ppl.report.page import FigureBlock
from gmm_ppl.report.reading import has

_FLOOR = 1e-9
_MOST_NAMED = 4


@styled
def objective_figure(tree: xr.DataTree, *, canvas: Canvas = new_figure) -> FigureBlock | None:
    """Nats below the best objective against the iteration, one line a start, coloured by the optimum it ends in."""
    if not has(tree, "em_trace", "objective") or not has(tree, "em_restarts", "optimum"):
        return None
    trace = tree["em_trace"].dataset["objective"].transpose("start", "iteration").values
    optimum = tree["em_restarts"].dataset["optimum"].values
    final = tree["em_restarts"].dataset["objective"].values
    best = np.nanmax(final)
    figure = canvas(3.0)
    axes = figure.subplots()
    for line, group in sorted(zip(trace, optimum, strict=True), key=lambda pair: -pair[1]):
        gap = np.maximum(best - line[np.isfinite(line)], _FLOOR)
        axes.plot(np.arange(gap.size), gap, color=_shade(int(group)), linewidth=1.1, alpha=0.85, gid=f"optimum {group}")
    _finish(axes, trace)
    groups = _groups(optimum, best - final)
    _name_groups(axes, groups, _lengths(trace, optimum))
    return FigureBlock("objective", figure, _CAPTION, _alt(groups, len(optimum)))


_CAPTION = (
    "How far each start still was from the best objective, in nats on a logarithmic scale (1 nat = a factor e "
    "in posterior "
    "density). Lines that run straight down to the floor of rounding reached the best optimum; lines that "
    "level off above it "
    "ended in a worse one. A slope that flattens means slow EM: overlapping components."
)


def _finish(axes: Axes, trace: np.ndarray) -> None:
    axes.set_yscale("log")
    powers(axes.yaxis)
    axes.axhline(_FLOOR, color=MUTED, linewidth=0.7, linestyle=":")
    axes.set(xlabel="EM iteration", ylabel="nats below the best", ylim=(_FLOOR / 4, None))
    axes.set_xlim(-0.01 * trace.shape[1], 1.3 * max(_lengths(trace, np.zeros(len(trace), dtype=int)).values()))


def _groups(optimum: np.ndarray, gap: np.ndarray) -> list[tuple[int, int, float]]:
    """(number of the optimum, starts that ended there, its gap in nats), the best first."""
    return [
        (int(each), int((optimum == each).sum()), float(np.nanmin(gap[optimum == each])))
        for each in np.unique(optimum)
        if np.isfinite(gap[optimum == each]).any()
    ]


def _lengths(trace: np.ndarray, optimum: np.ndarray) -> dict[int, int]:
    steps = np.isfinite(trace).sum(1)
    return {int(each): int(steps[optimum == each].max(initial=1)) for each in np.unique(optimum)}


def _name_groups(axes: Axes, groups: list[tuple[int, int, float]], lengths: dict[int, int]) -> None:
    lowest = np.inf
    for group, starts, gap in reversed(groups[:_MOST_NAMED]):
        height = max(gap, _FLOOR) if group else _FLOOR
        label = f"{'best' if group == 0 else f'−{decimals(gap, 2)} nats'}: {plural(starts, 'start')}"
        close = lowest / max(height, _FLOOR) < 8
        axes.annotate(
            label, (lengths[group], height), xytext=(5, -9 if close else 0 if group else 7), textcoords="offset points",
            color=_shade(group), va="center", fontsize=9, path_effects=halo(), annotation_clip=False,
        )  # fmt: skip
        lowest = height


def _shade(group: int) -> str:
    return INK if group == 0 else CHAINS[group % len(CHAINS)]


def _alt(groups: list[tuple[int, int, float]], starts: int) -> str:
    ends = "; ".join(f"{number} at {decimals(gap, 2)} nats below the best" for _, number, gap in groups[:_MOST_NAMED])
    return f"EM objective of {plural(starts, 'start')} against the iteration. Starts by where they end: {ends}."

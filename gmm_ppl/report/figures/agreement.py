"""The EM point against the posterior, in posterior standard deviations."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from gmm_ppl.report.checks.posterior import ABS_Z
from gmm_ppl.report.figures.style import BAND, GRID, INK, LONGEST_LABEL, MUTED, Canvas, chain_colour, new_figure, shown, styled
from gmm_ppl.report.numbers import count, decimals
from gmm_ppl.report.page import FigureBlock
from gmm_ppl.report.parameters import ParameterRow, parameter_rows
from gmm_ppl.report.reading import has

MOST_ROWS = 36


@styled
def agreement_figure(
    tree: xr.DataTree, *, rows: Sequence[ParameterRow] | None = None, canvas: Canvas = new_figure
) -> FigureBlock | None:
    """EM points as dots on 89 % posterior intervals, every parameter scaled to posterior mean 0 and sd 1."""
    if not has(tree, "posterior"):
        return None
    varying = [row for row in rows or parameter_rows(tree) if row.compared]
    kept = _kept(varying)
    figure = canvas(0.75 + 0.2 * len(kept))
    axes = figure.subplots()
    _intervals(axes, kept)
    reach = max(3.3, 1.1 * max(abs(row.z) for row in kept))
    axes.set(xlim=(-reach, reach), ylim=(len(kept) - 0.4, -0.6), xlabel="distance in posterior sds")
    axes.set_yticks(range(len(kept)), [shown(row.label, most=LONGEST_LABEL) for row in kept])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.spines["left"].set_visible(False)
    return FigureBlock("agreement", figure, _caption(len(kept), len(varying)), _alt(kept))


def _kept(rows: list[ParameterRow]) -> list[ParameterRow]:
    """All rows, or those with the largest |z| in the order of the table."""
    far = sorted(rows, key=lambda row: -abs(row.z))[:MOST_ROWS]
    return [row for row in rows if row in far]


def _intervals(axes: Axes, rows: list[ParameterRow]) -> None:
    at = np.arange(len(rows))
    low = np.array([(row.eti_low - row.mean) / row.sd for row in rows])
    high = np.array([(row.eti_high - row.mean) / row.sd for row in rows])
    z = np.array([row.z for row in rows])
    axes.axvline(0, color=GRID, linewidth=0.8, zorder=0)
    for edge in (-ABS_Z, ABS_Z):
        axes.axvline(edge, color=MUTED, linewidth=0.7, linestyle=":", zorder=0)
    axes.hlines(at, low, high, color=BAND, linewidth=5, zorder=1)
    axes.plot(np.zeros(at.size), at, "|", color=MUTED, markersize=7, zorder=2)
    far = np.abs(z) > ABS_Z
    axes.plot(z[~far], at[~far], "o", color=INK, markersize=4.2, zorder=3, gid="EM point")
    axes.plot(z[far], at[far], "D", color=chain_colour(1), markersize=5, zorder=3, gid="EM point, far")


def _caption(shown: int, total: int) -> str:
    which = f" The {count(shown)} of {count(total)} parameters with the largest distance." if shown < total else ""
    return (
        "EM points (dots) on the posterior: grey bars hold 89 % of the draws, ticks are posterior means. The "
        "EM point is a mode, so "
        "in a skewed posterior it sits beside the mean: variances a little low, by less than one sd. A diamond "
        "beyond the dotted "
        f"lines (|z| > {ABS_Z:g}) is a point that the draws contradict." + which
    )


def _alt(rows: list[ParameterRow]) -> str:
    worst = max(rows, key=lambda row: abs(row.z))
    far = sum(abs(row.z) > ABS_Z for row in rows)
    return (
        f"EM points on posterior intervals. Farthest: {shown(worst.label, most=LONGEST_LABEL)} at z = {decimals(worst.z, 2)}; "
        f"{count(far)} beyond {ABS_Z:g}."
    )

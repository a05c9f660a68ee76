"""Criteria and parameters of several results, drawn."""

import math

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from gmm_ppl.report.figures.style import BAND, GRID, INK, LONGEST_LABEL, MUTED, colour, new_figure, shown, styled
from gmm_ppl.report.numbers import count, plural
from gmm_ppl.report.page import FigureBlock
from gmm_ppl.results.comparison import Comparison

MOST_PANELS, COLUMNS = 24, 2


@styled
def criteria_figure(found: Comparison) -> FigureBlock | None:
    """How far each result is from the best, by BIC and by leave-one-out score."""
    runs = found.runs
    bic, elpd = runs["bic"].values, -runs["elpd_diff"].values
    least = np.nanmin(bic) if np.isfinite(bic).any() else 0.0
    panels = [("BIC above the least", bic - least, None), ("elpd below the best, nats", elpd, runs["elpd_diff_se"].values)]
    panels = [panel for panel in panels if np.isfinite(panel[1]).sum() > 1]
    if not panels:
        return None
    names = [shown(str(name), most=LONGEST_LABEL) for name in runs["run"].values]
    figure = new_figure(0.9 + 0.26 * len(names) * len(panels) + 0.35 * len(panels))
    for axes, (label, values, errors) in zip(figure.subplots(len(panels), 1, squeeze=False).ravel(), panels, strict=True):
        _distances(axes, names, values, errors)
        axes.set_xlabel(label)
    return FigureBlock("criteria", figure, CRITERIA_CAPTION, _criteria_alt(names, panels))


CRITERIA_CAPTION = (
    "How far each result is from the best one, which stands at 0; further right is worse. Whiskers are two standard errors of "
    "the difference from the best, row by row: one that reaches 0 is not told apart from it. BIC has no such error; "
    "a difference above 10 is commonly called very strong."
)


def _distances(axes: Axes, names: list[str], values: np.ndarray, errors: np.ndarray | None) -> None:
    at = np.arange(len(names))
    known = np.isfinite(values)
    axes.axvline(0, color=MUTED, linewidth=0.7)
    if errors is not None:
        axes.hlines(at[known], (values - 2 * errors)[known], (values + 2 * errors)[known], color=BAND, linewidth=4)
    axes.plot(values[known], at[known], "o", color=INK, markersize=4.5)
    axes.set_yticks(at, names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.spines["left"].set_visible(False)


def _criteria_alt(names: list[str], panels: list) -> str:
    said = [f"{label}: least {names[int(np.nanargmin(values))]}" for label, values, _ in panels]
    return f"Distances of {plural(len(names), 'result')} from the best. {'; '.join(said)}."


@styled
def parameters_figure(found: Comparison) -> FigureBlock | None:
    """Weights, means and standard deviations of each component, a mark and an interval for each result."""
    kept = [str(name) for name in found.parameters["parameter"].values if not str(name).startswith("correlations")]
    every, kept = len(kept), kept[:MOST_PANELS]
    rows, names = math.ceil(len(kept) / COLUMNS), [str(name) for name in found.parameters["run"].values]
    figure = new_figure(0.5 + rows * (0.42 + 0.15 * len(names)))
    axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for spare in axes[len(kept) :]:
        spare.set_axis_off()
    for each, name in zip(axes, kept, strict=False):
        _parameter(each, found.parameters.sel(parameter=name), name)
    marks = {"markersize": 4, "linewidth": 3}
    labels = [shown(name, most=LONGEST_LABEL) for name in names]
    lines = [axes[0].plot([], [], "o-", color=colour(at), label=name, **marks)[0] for at, name in enumerate(labels)]
    figure.legend(handles=lines, loc="outside upper left", ncols=3 if max(map(len, names)) < 20 else 1)
    return FigureBlock("parameters", figure, _caption(len(kept), every), _alt(names, len(kept)))


def _parameter(axes: Axes, values: xr.Dataset, name: str) -> None:
    for run in range(values.sizes["run"]):
        one = values.isel(run=run)
        axes.hlines(run, float(one["eti_low"]), float(one["eti_high"]), color=colour(run), linewidth=3, alpha=0.55)
        axes.plot(float(one["mean"]), run, "|", color=colour(run), markersize=7)
        axes.plot(float(one["point"]), run, "o", color=colour(run), markersize=4)
    axes.set_ylim(values.sizes["run"] - 0.4, -0.6)
    axes.set_title(shown(name), fontsize=9)
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(labelsize=8)
    axes.locator_params(axis="x", nbins=4)
    axes.grid(axis="x", color=GRID)


def _caption(kept: int, total: int) -> str:
    cut = f" The first {count(kept)} of {count(total)} are drawn; the table has all." if kept < total else ""
    return (
        "Parameters side by side, in the data's own units: dots are EM points, ticks posterior means, bars 89 % of the draws. "
        "Components are numbered as in the first result and matched to it; a result without such a component has no mark. "
        "Bars that overlap say that the results agree there." + cut
    )


def _alt(names: list[str], panels: int) -> str:
    return f"{plural(panels, 'parameter')} as EM points and posterior intervals of {', '.join(map(shown, names))}."

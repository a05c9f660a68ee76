"""The data and the components found in them: ellipses for two features, curves for one, a matrix of pairs for more."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gmm_ppl.report.figures import curves, ellipses
from gmm_ppl.report.figures.style import LONGEST_NAME, POINTS, WIDTH, Canvas, new_figure, shown, styled
from gmm_ppl.report.numbers import count, number, plural
from gmm_ppl.report.page import FigureBlock
from gmm_ppl.report.reading import (
    Gaussians,
    components,
    draws,
    features,
    observations,
    point,
    sampled_rows,
    telling_features,
)

MOST_FEATURES, MOST_POINTS, MOST_NAMED, SHEAF = 5, 5000, 8, 60
_LONGEST_IN_PAIRS = 16


@styled
def components_figure(tree: xr.DataTree, *, canvas: Canvas = new_figure) -> FigureBlock:
    """Rows with the EM fit's 1σ and 2σ ellipses and a sheaf of 2σ ellipses from posterior draws."""
    x, names, fit, sheaf = observations(tree), features(tree), point(tree), draws(tree, SHEAF)
    draw, shown_rows = (_line, x) if len(names) == 1 else (_pairs, x[sampled_rows(len(x), MOST_POINTS)])
    figure = draw(shown_rows, fit, sheaf, tree, canvas)
    return FigureBlock("components", figure, _caption(len(x), names, sheaf), _alt(tree, names, fit))


def _line(x: np.ndarray, fit: Gaussians, sheaf: Gaussians | None, tree: xr.DataTree, canvas: Canvas) -> Figure:
    figure = canvas(3.1)
    axes = figure.subplots()
    low, high = ellipses.limits(x[:, 0], fit, 0, reach=3)
    at = curves.grid(fit, 0, low, high)
    curves.add_histogram(axes, x[:, 0], fit, 0)
    if sheaf is not None:
        curves.add_density_sheaf(axes, sheaf, 0, at)
    curves.add_components(axes, fit, 0, low, high)
    axes.set(xlim=(low, high), xlabel=shown(features(tree)[0]), ylabel="density")
    axes.margins(y=0.12)
    curves.name_peaks(axes, fit, 0, components(tree))
    return figure


def _pairs(rows: np.ndarray, fit: Gaussians, sheaf: Gaussians | None, tree: xr.DataTree, canvas: Canvas) -> Figure:
    names = features(tree)
    kept = telling_features(fit, MOST_FEATURES)
    size = len(kept) - 1
    width = WIDTH if size < 3 else 1.75 * size
    figure = canvas(4.1 if size == 1 else 0.95 * width, width=width)
    longest = LONGEST_NAME if size == 1 else _LONGEST_IN_PAIRS
    panels = figure.subplots(size, size, squeeze=False, sharex="col", sharey="row")
    for row, below in enumerate(kept[1:]):
        for column, across in enumerate(kept[:-1]):
            axes = panels[row, column]
            if column > row:
                axes.set_axis_off()
                continue
            _panel(axes, rows, fit, sheaf, (across, below))
            axes.set_xlim(ellipses.limits(rows[:, across], fit, across, sheaf=sheaf))
            axes.set_ylim(ellipses.limits(rows[:, below], fit, below, sheaf=sheaf))
            ellipses.add_names(axes, fit, (across, below), components(tree), size=11 if size == 1 else 9)
            if row == size - 1:
                axes.set_xlabel(shown(names[across], most=longest))
            if column == 0:
                axes.set_ylabel(shown(names[below], most=longest))
    return figure


def _panel(axes: Axes, rows: np.ndarray, fit: Gaussians, sheaf: Gaussians | None, pair: tuple[int, int]) -> None:
    size = float(np.clip(4000 / len(rows), 2, 14))
    axes.scatter(*rows[:, list(pair)].T, s=size, color=POINTS, alpha=0.75, linewidths=0, rasterized=True, zorder=1)
    if sheaf is not None:
        ellipses.add_sheaf(axes, sheaf, pair)
    ellipses.add_ellipses(axes, fit, pair)


def _caption(total: int, names: tuple[str, ...], sheaf: Gaussians | None) -> str:
    many = len(names) > 1
    shape = "ellipses at 1 and 2 standard deviations" if many else "filled curves, which sum to the broad dark one"
    parts = [f"The {plural(total, 'row')} in grey and the components found by EM as {shape}; numbers name the components."]
    if many:
        parts.append("An inner ellipse holds 39 % of its component, an outer one 86 %.")
        parts.append("Where numbers would cover each other, a line leads from one to its centre.")
    if sheaf is not None:
        what = "2σ ellipses" if many else "curves"
        parts.append(
            f"Thin lines: the same {what} in {len(sheaf.weights)} posterior draws. The wider the sheaf, the "
            "less certain the component."
        )
    if total > MOST_POINTS and many:
        parts.append(f"A random {count(MOST_POINTS)} of the rows are drawn.")
    if len(names) > MOST_FEATURES:
        parts.append(f"Shown: the {MOST_FEATURES} of {count(len(names))} features along which the components differ most.")
    return " ".join(parts)


def _alt(tree: xr.DataTree, names: tuple[str, ...], fit: Gaussians) -> str:
    centres = "; ".join(
        f"component {name} near {', '.join(f'{shown(names[d])} {number(fit.means[k, d])}' for d in telling_features(fit, 3))}"
        for k, name in enumerate(components(tree)[:MOST_NAMED])
    )
    centres += f"; and {count(len(components(tree)) - MOST_NAMED)} more" if len(components(tree)) > MOST_NAMED else ""
    return (
        f"Scatter of the data with fitted Gaussian components: {centres}."
        if len(names) > 1
        else f"Histogram with fitted components: {centres}."
    )

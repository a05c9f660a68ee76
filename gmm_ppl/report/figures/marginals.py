"""Each feature's density, decomposed by component."""

import math

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from gmm_ppl.report.figures import curves, ellipses
from gmm_ppl.report.figures.style import WIDTH, Canvas, new_figure, quiet, shown, styled
from gmm_ppl.report.numbers import count, percent
from gmm_ppl.report.page import FigureBlock
from gmm_ppl.report.reading import Gaussians, components, features, observations, point, telling_features

MOST_FEATURES, MOST_NAMED = 12, 8


@styled
def marginals_figure(tree: xr.DataTree, *, canvas: Canvas = new_figure) -> FigureBlock | None:
    """Histogram of each feature under π_k N(x_d | μ_kd, σ²_kd); None for one feature, where `components` shows it."""
    x, names, fit = observations(tree), features(tree), point(tree)
    if len(names) == 1:
        return None
    kept = telling_features(fit, MOST_FEATURES)
    columns = 2
    lines = math.ceil(len(kept) / columns)
    figure = canvas(0.35 + 1.75 * lines, width=WIDTH)
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes in panels[len(kept) :]:
        axes.set_axis_off()
    for axes, feature in zip(panels, kept, strict=False):
        _panel(axes, x[:, feature], fit, feature, components(tree))
        axes.set_xlabel(shown(names[feature]))
    return FigureBlock("marginals", figure, _caption(names), _alt(fit, [names[d] for d in kept], components(tree)))


def _panel(axes: Axes, values: np.ndarray, fit: Gaussians, feature: int, names: tuple[int, ...]) -> None:
    low, high = ellipses.limits(values, fit, feature, reach=3)
    curves.add_histogram(axes, values, fit, feature)
    curves.add_components(axes, fit, feature, low, high)
    axes.set_xlim(low, high)
    axes.set_ylim(0, 1.18 * axes.get_ylim()[1])
    curves.name_peaks(axes, fit, feature, names)
    quiet(axes)


def _caption(names: tuple[str, ...]) -> str:
    cut = f" Shown: the {MOST_FEATURES} of {count(len(names))} features that separate the components most."
    return (
        "Each feature by itself: the rows as a histogram, the components as filled curves whose areas are "
        "their weights, "
        "and their sum, the fitted density, as a broad dark line. Where the dark line leaves the histogram, "
        "the fit is poor." + (cut if len(names) > MOST_FEATURES else "")
    )


def _alt(fit: Gaussians, names: list[str], numbers: tuple[int, ...]) -> str:
    shares = ", ".join(f"{number}: {percent(weight)}" for number, weight in zip(numbers[:MOST_NAMED], fit.weights, strict=False))
    more = f" and {count(len(numbers) - MOST_NAMED)} more" if len(numbers) > MOST_NAMED else ""
    return f"Histograms of {', '.join(map(shown, names))} with component densities; component weights {shares}{more}."

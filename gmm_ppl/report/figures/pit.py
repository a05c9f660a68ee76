"""Calibration of each feature's predictive distribution: the probability integral transform."""

import math

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from gmm_ppl.report.figures.style import BAND, INK, MUTED, Canvas, new_figure, shown, styled
from gmm_ppl.report.numbers import count
from gmm_ppl.report.page import FigureBlock
from gmm_ppl.report.reading import distribution, draws, features, observations, point, sampled_rows, spaced, telling_features

MOST_FEATURES, _MOST_ROWS, _DRAWS, _MOST_VERTICES = 8, 2000, 100, 500
_KOLMOGOROV_95 = 1.358


@styled
def pit_figure(tree: xr.DataTree, *, canvas: Canvas = new_figure) -> FigureBlock:
    """Empirical distribution of u_id = F_d(x_id) minus the uniform's, by feature, with a 95 % Kolmogorov band."""
    names = features(tree)
    kept = telling_features(point(tree), MOST_FEATURES)
    values = pit(tree, kept)
    reach = _KOLMOGOROV_95 / math.sqrt(len(values))
    figure = _draw(values, [names[d] for d in kept], reach, canvas)
    return FigureBlock("pit", figure, _caption(tree, len(names)), _alt([names[d] for d in kept], values, reach))


def pit(tree: xr.DataTree, kept: list[int]) -> np.ndarray:
    """u_id = E[Σ_k π_k Φ((x_id − μ_kd) / σ_kd)] over posterior draws, or at the EM point without them; (rows, kept)."""
    x = observations(tree)
    rows = x[sampled_rows(len(x), _MOST_ROWS)]
    fit = draws(tree, _DRAWS) or point(tree).take(np.newaxis)
    return np.stack([distribution(fit, rows[:, d], d) for d in kept], axis=1)


def deviation(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sorted values and the signed distance of their empirical distribution function from the diagonal."""
    ordered = np.sort(values)
    return ordered, (np.arange(1, ordered.size + 1) - 0.5) / ordered.size - ordered


def _draw(values: np.ndarray, names: list[str], reach: float, canvas: Canvas) -> Figure:
    columns = min(len(names), 2)
    lines = math.ceil(len(names) / columns)
    figure = canvas(0.4 + 1.55 * lines if columns > 1 else 2.2)
    panels = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for position, axes in enumerate(panels[len(names) :], len(names)):
        axes.set_axis_off()
        panels[position - columns].tick_params(labelbottom=True)
    for axes, name, column in zip(panels, names, values.T, strict=False):
        axes.axhspan(-reach, reach, color=BAND, alpha=0.6, linewidth=0)
        axes.axhline(0, color=MUTED, linewidth=0.7)
        ordered, gap = deviation(column)
        kept = spaced(gap.size, _MOST_VERTICES)
        axes.plot(ordered[kept], gap[kept], color=INK, linewidth=1.2)
        axes.set_title(shown(name))
    limit = 1.15 * max(reach, max(np.abs(deviation(column)[1]).max() for column in values.T))
    panels[0].set(xlim=(0, 1), xticks=(0, 0.5, 1), ylim=(-limit, limit))
    figure.supxlabel("predictive probability u", fontsize=10)
    figure.supylabel("observed − expected", fontsize=10)
    return figure


def _caption(tree: xr.DataTree, total: int) -> str:
    cut = f" Shown: the {MOST_FEATURES} of {count(total)} features that separate the components most."
    return (
        "Calibration. Each row's value becomes the probability u that the fitted distribution gives to smaller "
        "values; if the fit "
        "is right, u is uniform and the line stays in the grey band (95 % of samples, Kolmogorov). A hump "
        "means that the data sit "
        "lower than predicted, a dip higher, an S a wrong spread. The rows were also used to fit, so the test is mild."
        + (cut if total > MOST_FEATURES else "")
    )


def _alt(names: list[str], values: np.ndarray, reach: float) -> str:
    parts = []
    for name, column in zip(names, values.T, strict=True):
        distance = np.abs(deviation(column)[1]).max()
        parts.append(
            f"{shown(name)} {'within' if distance <= reach else 'leaves'} the band (distance {distance:.3f}, band {reach:.3f})"
        )
    return "Calibration by feature: " + "; ".join(parts) + "."

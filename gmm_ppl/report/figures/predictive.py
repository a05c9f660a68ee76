"""The data against replicated data, feature by feature."""

import math

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from gmm_ppl.report.figures.curves import bin_edges
from gmm_ppl.report.figures.style import BAND, INK, MUTED, Canvas, new_figure, quiet, shown, styled
from gmm_ppl.report.numbers import count
from gmm_ppl.report.page import FigureBlock
from gmm_ppl.report.reading import Gaussians, features, has, observations, point, spaced, telling_features

MOST_FEATURES, _MOST_REPLICATES, _MOST_BINS = 8, 400, 40


@styled
def predictive_figure(tree: xr.DataTree, *, canvas: Canvas = new_figure) -> FigureBlock | None:
    """Observed densities over the 90 % band of densities of replicated data sets."""
    if not has(tree, "posterior_predictive", "x"):
        return None
    x, names, fit = observations(tree), features(tree), point(tree)
    replicates = _replicates(tree)
    kept = telling_features(fit, MOST_FEATURES)
    columns = min(len(kept), 2)
    figure = canvas(0.35 + 1.75 * math.ceil(len(kept) / columns) if columns > 1 else 2.6)
    panels = figure.subplots(math.ceil(len(kept) / columns), columns, squeeze=False).ravel()
    for axes in panels[len(kept) :]:
        axes.set_axis_off()
    outside = []
    for axes, d in zip(panels, kept, strict=False):
        edges = _edges(x[:, d], replicates[..., d], fit, d)
        outside.append(_panel(axes, x[:, d], replicates[..., d], edges))
        axes.set_xlabel(shown(names[d]))
    return FigureBlock("predictive", figure, _caption(len(replicates), len(names)), _alt([names[d] for d in kept], outside))


def _replicates(tree: xr.DataTree) -> np.ndarray:
    """Replicated data sets, (replicate, N, D), evenly thinned."""
    x = tree["posterior_predictive"].dataset["x"].transpose("chain", "draw", "obs", "feature").values
    flat = x.reshape(-1, *x.shape[2:])
    return flat[spaced(len(flat), _MOST_REPLICATES)]


def _panel(axes: Axes, observed: np.ndarray, replicates: np.ndarray, edges: np.ndarray) -> float:
    """Draw one feature; returns the share of bins in which the data leave the band."""
    heights = np.stack([np.histogram(each, edges)[0] for each in replicates]) / (observed.size * np.diff(edges))
    low, middle, high = np.quantile(heights, [0.05, 0.5, 0.95], axis=0)
    seen = np.histogram(observed, edges)[0] / (observed.size * np.diff(edges))
    axes.stairs(high, edges, baseline=low, fill=True, color=BAND, linewidth=0)
    axes.stairs(middle, edges, color=MUTED, linewidth=0.8, baseline=None)
    axes.stairs(seen, edges, color=INK, linewidth=1.3, baseline=None)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, None)
    quiet(axes)
    return float(np.mean((seen < low) | (seen > high)))


def _edges(observed: np.ndarray, replicates: np.ndarray, fit: Gaussians, feature: int) -> np.ndarray:
    """The data's own bins, continued until they hold nearly all replicates."""
    edges = bin_edges(observed, fit, feature)
    low, high = np.quantile(replicates, [0.0005, 0.9995])
    step = edges[1] - edges[0]
    before = int(np.clip(np.ceil((edges[0] - low) / step), 0, _MOST_BINS))
    after = int(np.clip(np.ceil((high - edges[-1]) / step), 0, _MOST_BINS))
    outer = step * np.arange(1, max(before, after) + 1)
    return np.concatenate([edges[0] - outer[:before][::-1], edges, edges[-1] + outer[:after]])


def _caption(replicates: int, total: int) -> str:
    cut = f" Shown: the {MOST_FEATURES} of {count(total)} features that separate the components most."
    return (
        f"The data (dark line) against {count(replicates)} data sets of the same size drawn from the "
        "posterior: their median and the "
        "band that holds 90 % of them, bin by bin. About one bin in ten lies outside by chance; several "
        "neighbours outside "
        "on the same side mean that the mixture misses something there." + (cut if total > MOST_FEATURES else "")
    )


def _alt(names: list[str], outside: list[float]) -> str:
    shares = ", ".join(f"{shown(name)} {100 * share:.0f} %" for name, share in zip(names, outside, strict=True))
    return f"Histograms of the data over bands of replicated data. Share of bins outside the 90 % band: {shares}."

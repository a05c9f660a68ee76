"""One-dimensional densities of a mixture's components along one feature."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from gmm_ppl.report.figures.style import BAND, INK, colour, dashes, halo
from gmm_ppl.report.reading import Gaussians

_MOST_BINS, _MOST_RUG = 60, 300
_IQR, _AROUND = 1.349, 61


def grid(fit: Gaussians, feature: int, low: float, high: float, *, even: int = 121) -> np.ndarray:
    """Points along one feature: `even` ones from end to end, and more within 4 sds of each component."""
    around = fit.means[:, feature, None] + fit.deviations[:, feature, None] * np.linspace(-4, 4, _AROUND)
    points = np.unique(np.concatenate([np.linspace(low, high, even), around.ravel()]))
    return points[(points >= low) & (points <= high)]


def component_densities(fit: Gaussians, feature: int, at: np.ndarray) -> np.ndarray:
    """π_k N(x | μ_kd, σ²_kd) at every point, shape (…, K, points); each integrates to its weight."""
    means, deviations = fit.means[..., feature, None], fit.deviations[..., feature, None]
    # Written out, because scipy.stats takes half a second to import.
    heights = fit.weights[..., None] / (math.sqrt(2 * math.pi) * deviations)
    return heights * np.exp(-(((at - means) / deviations) ** 2) / 2)


def bin_edges(values: np.ndarray, fit: Gaussians, feature: int) -> np.ndarray:
    """Equal bins over the rows, as wide as the Freedman–Diaconis rule would have them inside the narrowest component.

    The rule on the rows themselves takes the distance between clusters for spread and hides the clusters.
    """
    rows = np.maximum(values.size * fit.weights, 1)
    width = (2 * _IQR * fit.deviations[:, feature] / np.cbrt(rows)).min()
    low, high = values.min(), values.max()
    bins = np.clip(np.ceil((high - low) / width) if width > 0 else _MOST_BINS, 6, _MOST_BINS)
    return np.linspace(low, high, int(bins) + 1)


def add_histogram(axes: Axes, values: np.ndarray, fit: Gaussians, feature: int) -> None:
    """The rows as a density histogram in the background, with a rug where they are few."""
    axes.hist(values, bins=bin_edges(values, fit, feature).tolist(), density=True, color=BAND, edgecolor="none", zorder=1)
    if values.size <= _MOST_RUG:
        axes.plot(values, np.zeros(values.size), "|", color=INK, alpha=0.35, markersize=6, zorder=3, clip_on=False)


def add_components(axes: Axes, fit: Gaussians, feature: int, low: float, high: float) -> None:
    """A filled curve for each component within its own reach, and the mixture's density as a broad line behind them."""
    for position in range(fit.weights.size):
        one = fit.ordered(np.array([position]))
        at = grid(one, feature, low, high, even=2)
        (curve,) = component_densities(one, feature, at)
        axes.fill_between(at, curve, color=colour(position), alpha=0.16, linewidth=0, zorder=2)
        axes.plot(at, curve, color=colour(position), linestyle=dashes(position), zorder=4, gid=f"component {position}")
    at = grid(fit, feature, low, high)
    total = component_densities(fit, feature, at).sum(0)
    axes.plot(at, total, color=INK, linewidth=2.8, alpha=0.55, zorder=3.5, gid="mixture")


def add_density_sheaf(axes: Axes, draws: Gaussians, feature: int, at: np.ndarray) -> None:
    """Thin component curves, one for each draw, as a raster."""
    curves = component_densities(draws, feature, at)
    for position in range(curves.shape[-2]):
        lines = [np.stack([at, curve], axis=1) for curve in curves[:, position]]
        axes.add_collection(LineCollection(lines, colors=colour(position), linewidths=0.5, alpha=0.22, rasterized=True, zorder=3))


def name_peaks(axes: Axes, fit: Gaussians, feature: int, names: tuple[int, ...]) -> None:
    """Each component's number above its peak; numbers of components that coincide share one label."""
    low, high = axes.get_xlim()
    peaks = component_densities(fit, feature, fit.means[:, feature])
    heights = np.diagonal(peaks)
    placed: list[tuple[float, float]] = []
    top = axes.get_ylim()[1]
    for position in np.argsort(-heights):
        at, height = float(fit.means[position, feature]), float(heights[position])
        lift = sum(abs(at - x) < 0.06 * (high - low) and abs(height - y) < 0.12 * top for x, y in placed)
        placed.append((at, height))
        axes.annotate(
            str(names[position]), (at, height), xytext=(9 * lift, 3), textcoords="offset points", ha="center",
            va="bottom",
            fontweight="bold", color=colour(int(position)), path_effects=halo(), zorder=7, annotation_clip=False,
        )  # fmt: skip

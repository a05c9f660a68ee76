"""Geometry of Gaussian ellipses and curves, shared by the figures that draw components."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Ellipse

from gmm_ppl.report.figures.style import PAPER, colour, dashes
from gmm_ppl.report.reading import Gaussians

_DISC = {"boxstyle": "circle,pad=0.15", "facecolor": PAPER, "edgecolor": "none", "alpha": 0.85}
_LABEL, _STEPS = 1.5, 200
"""Room for a number, in font sizes; steps that numbers may take away from each other."""
_TURN = np.linspace(0, 2 * np.pi, 49)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)])


def principal_axes(covariance: np.ndarray) -> tuple[np.ndarray, float]:
    """Standard deviations along the principal axes of a 2 × 2 covariance, largest first, and its angle in degrees."""
    values, vectors = np.linalg.eigh(covariance)
    largest = vectors[:, 1]
    return np.sqrt(np.maximum(values[::-1], 0)), float(np.degrees(np.arctan2(largest[1], largest[0])))


def add_ellipses(axes: Axes, fit: Gaussians, pair: tuple[int, int], levels: tuple[float, ...] = (1.0, 2.0)) -> None:
    """Ellipses of constant density at `levels` standard deviations, one pair for each component."""
    for position in range(fit.weights.size):
        deviations, angle = principal_axes(fit.covariances[position][np.ix_(pair, pair)])
        for level in levels:
            width, height = 2 * level * deviations
            axes.add_patch(
                Ellipse(
                    tuple(fit.means[position, list(pair)]),
                    width,
                    height,
                    angle=angle,
                    fill=False,
                    zorder=4,
                    edgecolor=colour(position),
                    linewidth=1.5,
                    linestyle=dashes(position),
                    gid=f"component {position}",
                )
            )


def add_sheaf(axes: Axes, draws: Gaussians, pair: tuple[int, int], level: float = 2.0) -> None:
    """Thin ellipses, one for each draw and component, as a raster that does not swell the file."""
    for position in range(draws.weights.shape[-1]):
        block = draws.covariances[:, position][np.ix_(np.arange(len(draws.weights)), pair, pair)]
        outline = np.linalg.cholesky(block) @ (level * _CIRCLE)
        centre = draws.means[:, position, list(pair)]
        axes.add_collection(
            LineCollection(
                list(centre[:, None, :] + outline.transpose(0, 2, 1)),
                colors=colour(position),
                linewidths=0.5,
                alpha=0.22,
                rasterized=True,
                zorder=2,
            )
        )


def add_names(axes: Axes, fit: Gaussians, pair: tuple[int, int], names: tuple[int, ...], *, size: int = 11) -> None:
    """Each component's number at its centre, or beside it with a line to it where numbers would cover each other.

    Limits of the axes must have been set.
    """
    centres = fit.means[:, list(pair)]
    at = axes.transAxes.inverted().transform(axes.transData.transform(centres))
    room = _LABEL * size / (axes.get_window_extent().width * 72 / axes.figure.dpi)
    apart = spread(at, room)
    moved = np.hypot(*(apart - at).T) > 0.3 * room
    for position, name in enumerate(names):
        axes.annotate(
            str(name),
            tuple(centres[position]),
            xytext=tuple(np.where(moved[position], apart[position], at[position])),
            textcoords="axes fraction",
            ha="center",
            va="center",
            fontweight="bold",
            fontsize=size,
            color=colour(position),
            zorder=6,
            bbox=_DISC,
            arrowprops={"arrowstyle": "-", "color": colour(position), "linewidth": 0.8} if moved[position] else None,
        )


def spread(points: np.ndarray, apart: float) -> np.ndarray:
    """Points (K, 2) pushed from each other until they are `apart`, as far as so many steps get; those with room stay."""
    turn = 2.4 * np.arange(len(points))  # Directions for points that coincide, all different.
    moved = points + 1e-6 * apart * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    same = np.eye(len(points))
    for _ in range(_STEPS):
        gap = moved[:, None] - moved
        distance = np.hypot(gap[..., 0], gap[..., 1]) + same
        short = np.maximum(apart - distance, 0) * (1 - same)
        if short.max() <= 0.01 * apart:
            break
        moved = moved + 0.5 * (gap / distance[..., None] * short[..., None]).sum(1)
    return moved


def limits(
    values: np.ndarray, fit: Gaussians, feature: int, reach: float = 2.0, sheaf: Gaussians | None = None
) -> tuple[float, float]:
    """A range of one feature that holds the rows, the fit within `reach` sds and the sheaf, with a margin.

    A stray draw widens the range by half of what the rows and the fit need, no more.
    """
    low, high = _extent(fit, feature, reach)
    low, high = min(values.min(), low), max(values.max(), high)
    if sheaf is not None:
        first, last = _extent(sheaf, feature, reach)
        spare = 0.5 * (high - low)
        low, high = min(low, max(first, low - spare)), max(high, min(last, high + spare))
    margin = 0.03 * (high - low)
    return low - margin, high + margin


def _extent(fit: Gaussians, feature: int, reach: float) -> tuple[float, float]:
    means, deviations = fit.means[..., feature], fit.deviations[..., feature]
    return float((means - reach * deviations).min()), float((means + reach * deviations).max())

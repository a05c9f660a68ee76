"""Which component each row belongs to, and how sure that is."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from gmm_ppl.report.figures.curves import component_densities, grid
from gmm_ppl.report.figures.ellipses import add_names, limits
from gmm_ppl.report.figures.style import INK, Canvas, colour, dashes, new_figure, shown, styled
from gmm_ppl.report.numbers import count, plural
from gmm_ppl.report.page import FigureBlock
from gmm_ppl.report.reading import (
    components,
    draws,
    features,
    has,
    observations,
    point,
    responsibilities,
    sampled_rows,
    spaced,
    telling_features,
)

SURE, CERTAIN = 0.9, 0.99
_MOST_POINTS, _MOST_COLUMNS, _FEWEST_COLUMNS, _SHEAF = 5000, 1500, 8, 60


@styled
def responsibilities_figure(tree: xr.DataTree, *, strip: bool = True, canvas: Canvas = new_figure) -> FigureBlock | None:
    """Rows coloured by responsibility (one feature: the responsibilities as curves) over the shares of unsure rows.

    None for one component; `strip=False` leaves the shares away.
    """
    if len(components(tree)) == 1:
        return None
    x, shares = observations(tree), responsibilities(tree)
    doubtful = shares[shares.max(1) < CERTAIN]
    strip = strip and len(doubtful) >= _FEWEST_COLUMNS
    figure, top, bottom = _axes(wide=x.shape[1] > 1, strip=strip, canvas=canvas)
    kept = sampled_rows(len(x), _MOST_POINTS)
    if x.shape[1] > 1:
        _scatter(top, x[kept], shares[kept], tree)
    else:
        _curves(top, x[kept, 0], tree)
    if bottom is not None:
        _strip(bottom, doubtful)
    unsure = int((shares.max(1) < SURE).sum())
    caption = _caption(tree, unsure, len(doubtful) if strip else 0, len(x))
    return FigureBlock("responsibilities", figure, caption, _alt(shares, unsure, components(tree)))


def mixed_colours(shares: np.ndarray) -> np.ndarray:
    """Colours (N, 3): the components' colours averaged by responsibility."""
    return np.clip(shares @ np.array([to_rgb(colour(position)) for position in range(shares.shape[1])]), 0, 1)


def _axes(*, wide: bool, strip: bool, canvas: Canvas) -> tuple[Figure, Axes, Axes | None]:
    height = 3.4 if wide else 2.2
    if not strip:
        figure = canvas(height)
        return figure, figure.subplots(), None
    figure = canvas(height + 1.2)
    top, bottom = figure.subplots(2, 1, height_ratios=(height, 1))
    return figure, top, bottom


def _scatter(axes: Axes, x: np.ndarray, shares: np.ndarray, tree: xr.DataTree) -> None:
    across, below = telling_features(point(tree), 2)
    size = float(np.clip(5000 / len(x), 2, 18))
    axes.scatter(x[:, across], x[:, below], s=size, color=mixed_colours(shares), linewidths=0, alpha=0.85, rasterized=True)
    unsure = x[shares.max(1) < SURE]
    axes.scatter(
        unsure[:, across], unsure[:, below], s=2.2 * size + 10, facecolors="none", edgecolors=INK, linewidths=0.8,
        rasterized=len(unsure) > 500, gid="unsure",
    )  # fmt: skip
    add_names(axes, point(tree), (across, below), components(tree))
    axes.set(xlabel=shown(features(tree)[across]), ylabel=shown(features(tree)[below]))


def _curves(axes: Axes, values: np.ndarray, tree: xr.DataTree) -> None:
    """Responsibility of each component at every value of a single feature, at the EM point and in posterior draws."""
    fit, sheaf = point(tree), draws(tree, _SHEAF)
    low, high = limits(values, fit, 0)
    at = grid(fit, 0, low, high)
    for position, curve in enumerate(_shares(component_densities(fit, 0, at))):
        axes.plot(at, curve, color=colour(position), linestyle=dashes(position), zorder=3, gid=f"component {position}")
        plateau = float(np.median(at[curve >= 0.95 * np.nanmax(curve)]))
        axes.annotate(
            str(components(tree)[position]), (plateau, np.nanmax(curve)), xytext=(0, 2),
            textcoords="offset points", ha="center",
            va="bottom", fontweight="bold", color=colour(position), annotation_clip=False,
        )  # fmt: skip
    for position, lines in enumerate([] if sheaf is None else _shares(component_densities(sheaf, 0, at)).swapaxes(0, 1)):
        segments = [np.stack([at, line], axis=1) for line in lines]
        axes.add_collection(
            LineCollection(segments, colors=colour(position), linewidths=0.5, alpha=0.2, rasterized=True, zorder=2)
        )
    axes.plot(
        values,
        np.zeros(values.size),
        "|",
        color=INK,
        alpha=0.4,
        markersize=6,
        rasterized=values.size > 300,
        clip_on=False,
    )
    axes.set(xlim=(low, high), ylim=(0, 1), yticks=(0, 0.5, 1), xlabel=shown(features(tree)[0]), ylabel="responsibility")


def _shares(densities: np.ndarray) -> np.ndarray:
    """Densities over components normalised to responsibilities; where all underflow, none."""
    total = densities.sum(-2, keepdims=True)
    return np.divide(densities, total, out=np.full_like(densities, np.nan), where=total > 0)


def _strip(axes: Axes, doubtful: np.ndarray) -> None:
    """Stacked shares of the rows that are not certain, grouped by component and ordered by certainty."""
    ordered = doubtful[np.lexsort((-doubtful.max(1), doubtful.argmax(1)))]
    columns = ordered[spaced(len(ordered), _MOST_COLUMNS)]
    edges = np.linspace(0, len(ordered), len(columns) + 1)
    bottom = np.zeros(len(columns))
    for position in range(columns.shape[1]):
        top = bottom + columns[:, position]
        axes.stairs(top, edges, baseline=bottom, fill=True, color=colour(position), linewidth=0, rasterized=len(columns) > 200)
        bottom = top
    axes.set(xlim=(0, len(ordered)), ylim=(0, 1), yticks=(0, 0.5, 1), ylabel="share")
    axes.set_xlabel(f"rows that no component owns with {CERTAIN}")
    axes.locator_params(axis="x", integer=True)


def _caption(tree: xr.DataTree, unsure: int, doubtful: int, total: int) -> str:
    source = "averaged over the posterior" if has(tree, "assignments", "responsibilities") else "at the EM point"
    names = features(tree)
    top = _curves_words(tree, names[0]) if len(names) == 1 else _scatter_words(tree, names)
    ring = "" if len(names) == 1 else ", marked by a ring"
    some = f"{count(unsure)} of {plural(total, 'row')} have no component with probability {SURE} or more{ring}."
    rare = some if unsure else f"Every row has a component with probability {SURE} or more."
    strip = f" Below: the {plural(doubtful, 'row')} under {CERTAIN} as columns of shares, the surest first."
    return f"Responsibilities, {source}. {top} {rare}{strip if doubtful else ''}"


def _curves_words(tree: xr.DataTree, name: str) -> str:
    thin = " Thin lines are posterior draws." if has(tree, "posterior") else ""
    return f"The probability that a row belongs to each component, by {shown(name)}; ticks are the rows.{thin}"


def _scatter_words(tree: xr.DataTree, names: tuple[str, ...]) -> str:
    pair = " and ".join(shown(names[d]) for d in telling_features(point(tree), 2))
    where = "" if len(names) == 2 else f" along {pair}, which separate the components most"
    return f"Rows{where}, coloured by their mix of components."


def _alt(shares: np.ndarray, unsure: int, numbers: tuple[int, ...]) -> str:
    sizes = np.bincount(shares.argmax(1), minlength=len(numbers))
    listed = ", ".join(f"component {number}: {count(size)}" for number, size in zip(numbers, sizes, strict=True))
    return f"Rows by most probable component ({listed}); {count(unsure)} are uncertain."

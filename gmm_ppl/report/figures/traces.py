"""Traces and ranks of the parameters that mix worst."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from gmm_ppl.report.figures.style import BAND, LONGEST_LABEL, Canvas, chain_colour, new_figure, quiet, shown, styled
from gmm_ppl.report.numbers import decimals
from gmm_ppl.report.page import FigureBlock
from gmm_ppl.report.parameters import ParameterRow, parameter_rows
from gmm_ppl.report.reading import has
from gmm_ppl.results.scalars import scalars

MOST_ROWS, BINS, _MOST_DRAWS = 6, 20, 1000


@styled
def traces_figure(
    tree: xr.DataTree, *, rows: Sequence[ParameterRow] | None = None, canvas: Canvas = new_figure
) -> FigureBlock | None:
    """Draws in order (left) and ranks by chain (right) of the parameters with the largest R-hat."""
    if not has(tree, "posterior"):
        return None
    varying = [row for row in rows or parameter_rows(tree) if row.varies]
    worst = sorted(varying, key=lambda row: -np.nan_to_num(row.r_hat, nan=np.inf))[:MOST_ROWS]
    draws = scalars(tree["posterior"].dataset, list(dict.fromkeys(row.variable for row in worst)))
    chains = draws.sizes["chain"]
    figure = canvas(0.5 + 0.95 * len(worst))
    panels = figure.subplots(len(worst), 2, squeeze=False, width_ratios=(2, 1), sharex="col")
    for (left, right), row in zip(panels, worst, strict=True):
        values = draws.sel(parameter=row.label).transpose("chain", "draw").values
        _trace(left, values)
        _ranks(right, values)
        left.set_title(shown(row.label, most=LONGEST_LABEL), fontsize=9)
        right.set_title(f"R-hat {decimals(row.r_hat, 3)}", fontsize=9)
    panels[-1, 0].set_xlabel("draw")
    panels[-1, 1].set_xlabel("rank")
    return FigureBlock("traces", figure, _caption(chains, len(varying)), _alt(worst, chains))


def _trace(axes: Axes, values: np.ndarray) -> None:
    step = -(-values.shape[1] // _MOST_DRAWS)
    for chain, draws in enumerate(values):
        axes.plot(
            np.arange(0, draws.size, step),
            draws[::step],
            color=chain_colour(chain),
            linewidth=0.5,
            alpha=0.75,
            rasterized=True,
        )
    axes.set_xlim(0, values.shape[1])
    axes.locator_params(axis="y", nbins=3)


def _ranks(axes: Axes, values: np.ndarray) -> None:
    # Here, because scipy.stats takes half a second to import, and only draws have ranks.
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=None).reshape(values.shape)
    edges = np.linspace(0.5, values.size + 0.5, BINS + 1)
    expected = values.shape[1] / BINS
    spread = 2.576 * np.sqrt(expected * (1 - 1 / BINS))
    axes.axhspan(max(expected - spread, 0), expected + spread, color=BAND, alpha=0.5, linewidth=0)
    for chain, own in enumerate(ranks):
        axes.stairs(np.histogram(own, edges)[0], edges, color=chain_colour(chain), linewidth=1.0, alpha=0.9, baseline=None)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, None)
    axes.locator_params(axis="x", nbins=3)
    quiet(axes)


def _caption(chains: int, parameters: int) -> str:
    which = "All parameters" if parameters <= MOST_ROWS else f"The {MOST_ROWS} of {parameters} parameters with the largest R-hat"
    return (
        f"{which}, one colour for each of {chains} chains. Left: the draws in order; good chains overlap and "
        "show no trend. "
        "Right: how often each chain's draws fall in each twentieth of all ranks; chains that agree stay "
        "within the grey band "
        "(99 % for independent draws)."
    )


def _alt(worst: list[ParameterRow], chains: int) -> str:
    listed = ", ".join(f"{shown(row.label, most=LONGEST_LABEL)} {decimals(row.r_hat, 3)}" for row in worst)
    return f"Trace plots and rank histograms of {chains} chains for the parameters with the largest R-hat: {listed}."

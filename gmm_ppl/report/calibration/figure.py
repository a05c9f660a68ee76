"""Ranks of every quantity against uniform ones."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gmm_ppl.calibration.run import Calibration
from gmm_ppl.calibration.uniformity import band, cumulated, uniform
from gmm_ppl.calibration.verdict import Verdict
from gmm_ppl.report.figures.style import BAND, INK, MUTED, chain_colour, new_figure, shown, styled
from gmm_ppl.report.numbers import plural
from gmm_ppl.report.page import FigureBlock

COLUMNS, MOST_PANELS, LONGEST_TITLE = 3, 30, 22


@styled
def ranks_figure(calibration: Calibration, verdict: Verdict) -> FigureBlock:
    """Share of ranks up to each fraction of L, minus the uniform share, one panel a quantity, with the 95 % band."""
    kept = panels(calibration, verdict)
    gaps = differences(calibration.ranks[:, kept], calibration.draws)
    low, high = (each - uniform(calibration.draws) for each in band(len(calibration.ranks), calibration.draws))
    names = [calibration.names[each] for each in kept]
    figure = _draw(gaps, names, (low, high), set(verdict.flagged))
    return FigureBlock("ranks", figure, _caption(calibration, len(kept)), _alt(gaps, names, (low, high)))


def panels(calibration: Calibration, verdict: Verdict) -> list[int]:
    """Positions of all quantities, or of those with the smallest p-values, in the order of the table."""
    least = np.argsort([test.adjusted_p for test in verdict.tests], kind="stable")[:MOST_PANELS]
    return sorted(int(each) for each in least)


def differences(ranks: np.ndarray, draws: int) -> np.ndarray:
    """(Q, L): share of ranks at most r, minus (r + 1) / (L + 1)."""
    return np.stack([cumulated(column, draws) / column.size for column in ranks.T]) - uniform(draws)


def _draw(gaps: np.ndarray, names: list[str], edges: tuple[np.ndarray, np.ndarray], flagged: set[str]) -> Figure:
    columns = min(COLUMNS, len(names))
    lines = math.ceil(len(names) / columns)
    figure = new_figure(0.6 + 1.15 * lines)
    axes = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for position, spare in enumerate(axes[len(names) :], len(names)):
        spare.set_axis_off()
        axes[position - columns].tick_params(labelbottom=True)
    for each, gap, name in zip(axes, gaps, names, strict=False):
        _panel(each, gap, name, edges, flagged=name in flagged)
    limit = 1.15 * max(np.abs(gaps).max(), np.abs(edges).max())
    axes[0].set(xlim=(0, 1), xticks=(0, 0.5, 1), ylim=(-limit, limit))
    figure.supxlabel("rank of the truth, as a fraction", fontsize=10)
    figure.supylabel("observed − uniform share", fontsize=10)
    return figure


def _panel(axes: Axes, gap: np.ndarray, name: str, edges: tuple[np.ndarray, np.ndarray], *, flagged: bool) -> None:
    at = uniform(gap.size)
    axes.fill_between(at, *edges, color=BAND, alpha=0.6, linewidth=0)
    axes.axhline(0, color=MUTED, linewidth=0.7)
    axes.plot(at, gap, color=chain_colour(1) if flagged else INK, linewidth=1.2, drawstyle="steps-mid")
    axes.set_title(shown(name, most=LONGEST_TITLE) + (" ✕" if flagged else ""), fontsize=8)


def _caption(calibration: Calibration, kept: int) -> str:
    total = len(calibration.names)
    cut = f" Shown: the {kept} of {total} quantities with the smallest p-values." if kept < total else ""
    return (
        f"Ranks of the truth among {calibration.draws} draws: their distribution function less the uniform one, over "
        f"{plural(len(calibration.ranks), 'replication')}. Uniform ranks stay in the grey band all along in 95 % of "
        "calibrations, each panel by itself. A line that is above the band on the left and below on the right means draws that "
        "are too narrow; the reverse, too wide; a hump, draws that are too high; a dip, too low. Panels that the tests flag have "
        "a ✕ and an orange line." + cut
    )


def _alt(gaps: np.ndarray, names: list[str], edges: tuple[np.ndarray, np.ndarray]) -> str:
    low, high = edges
    inside = [bool(np.all((gap >= low) & (gap <= high))) for gap in gaps]
    left = [shown(name) for name, held in zip(names, inside, strict=True) if not held]
    said = f"{', '.join(left)} outside it" if left else "none outside it"
    return f"Distribution of ranks by quantity: {sum(inside)} of {len(names)} stay in the 95 % band, {said}."

"""The figures of a mixture: a function each from a labelled result to a drawing with caption and alternative text.

To add one, write a file beside these with a function `(tree) -> FigureBlock | None` under `@styled` (None: nothing to
draw) and add a line to the registry: the section whose end it belongs to, and the function.
"""

from collections.abc import Callable

import xarray as xr

from gmm_ppl.report.figures.agreement import agreement_figure
from gmm_ppl.report.figures.components import components_figure
from gmm_ppl.report.figures.marginals import marginals_figure
from gmm_ppl.report.figures.objective import objective_figure
from gmm_ppl.report.figures.pit import pit_figure
from gmm_ppl.report.figures.predictive import predictive_figure
from gmm_ppl.report.figures.responsibilities import responsibilities_figure
from gmm_ppl.report.figures.traces import traces_figure
from gmm_ppl.report.page import FigureBlock
from gmm_ppl.report.reading import finite, point

FIGURES: tuple[tuple[str, Callable[[xr.DataTree], FigureBlock | None]], ...] = (
    ("result", components_figure),
    ("em", objective_figure),
    ("sampler", traces_figure),
    ("agreement", agreement_figure),
    ("fit_checks", marginals_figure),
    ("fit_checks", predictive_figure),
    ("fit_checks", pit_figure),
    ("assignments", responsibilities_figure),
)


def figures_of(section: str, tree: xr.DataTree) -> tuple[FigureBlock, ...]:
    """The figures registered for a section for which the result has input; none of a point that is not finite."""
    if not finite(point(tree)):
        return ()
    drawn = (draw(tree) for key, draw in FIGURES if key == section)
    return tuple(block for block in drawn if block is not None)


__all__ = [
    "FIGURES",
    "agreement_figure",
    "components_figure",
    "figures_of",
    "marginals_figure",
    "objective_figure",
    "pit_figure",
    "predictive_figure",
    "responsibilities_figure",
    "traces_figure",
]

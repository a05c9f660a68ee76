"""The figures of a mixture: a function each from a labelled result to a drawing with caption and alternative text.

To add one, write a file beside these with a function `(tree, *, canvas=new_figure) -> FigureBlock | None` under `@styled`
(None: nothing to draw), which makes its figure by `canvas(height)`, and add a line to the registry: the section whose
end it belongs to, and the function.
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

FIGURES: tuple[tuple[str, Callable[..., FigureBlock | None]], ...] = (
    ("result", components_figure),
    ("em", objective_figure),
    ("sampler", traces_figure),
    ("agreement", agreement_figure),
    ("fit_checks", marginals_figure),
    ("fit_checks", predictive_figure),
    ("fit_checks", pit_figure),
    ("assignments", responsibilities_figure),
)


def figures_of(section: str, tree: xr.DataTree, **known: object) -> tuple[FigureBlock, ...]:
    """The figures registered for a section for which the result has input; none of a point that is not finite.

    `known` is what the section has worked out already, for its figures to take by name.
    """
    if not finite(point(tree)):
        return ()
    drawn = (draw(tree, **known) for key, draw in FIGURES if key == section)
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

"""The figures of a report, one at a time, for notebooks and papers: `gmm_ppl.plots`.

Each function takes a labelled result (`gmm_ppl.load`, `gmm_ppl.to_datatree`), or a fit together with the rows that it was
fitted to, and answers with matplotlib axes: one, or an array of those that are drawn on. They are the report's own drawings;
matplotlib's settings are left as they were. Where `ax` is accepted, the figure is drawn there.
"""

from collections.abc import Callable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from gmm_ppl.errors import InputError
from gmm_ppl.report import figures
from gmm_ppl.report.figures.criteria import CRITERIA, draw_criteria
from gmm_ppl.report.figures.style import WIDTH, style_context
from gmm_ppl.report.page import FigureBlock
from gmm_ppl.report.reading import check_own, finite, point

__all__ = [
    "agreement",
    "components",
    "criteria",
    "marginals",
    "objective",
    "pit",
    "predictive",
    "responsibilities",
    "traces",
]

type Drawn = Axes | np.ndarray


def components(result: Any, x: object = None, *, ax: Axes | None = None) -> Drawn:
    """The rows and the components found in them: curves for one feature, ellipses for two, a matrix of pairs for more.

    How to read it: ellipses are at 1 and 2 standard deviations, and hold 39 % and 86 % of their component; thin ones are
    posterior draws, and the wider their sheaf, the less certain the component. Of more than five features, those five along
    which components differ most are drawn. Units are those of x.

    Args:
        result: a labelled result, or a fit of any engine.
        x: the rows, (N, D), where `result` is a fit.
        ax: where to draw, for one feature or two.

    Raises:
        InputError: a fit without its rows, parameters that are not finite, or `ax` where there are several panels.
    """
    return _drawn(figures.components_figure, result, x, ax)


def marginals(result: Any, x: object = None) -> Drawn:
    """Each feature's histogram under the components' densities π_k N(x_d | μ_kd, σ²_kd) and their sum.

    How to read it: areas of filled curves are weights; where the broad dark line, the sum, leaves the histogram, the fit is
    poor. Arguments and errors as in `components`; one feature has no marginals of its own: see `components`.
    """
    return _drawn(figures.marginals_figure, result, x, None, "two features or more; for one, draw components")


def objective(result: Any, x: object = None, *, ax: Axes | None = None) -> Drawn:
    """The EM objective of every start against the iteration, as the gap to the best in nats, on a logarithmic scale.

    How to read it: lines that run down to the floor reached the best optimum, lines that level off above it a worse one; a
    slope that flattens means slow EM. Arguments and errors as in `components`.
    """
    return _drawn(figures.objective_figure, result, x, ax, "the groups em_trace and em_restarts")


def traces(result: Any, x: object = None) -> np.ndarray:
    """Draws in order (left) and ranks by chain (right) of the six parameters with the largest R-hat; axes (parameter, 2).

    How to read it: good chains overlap and show no trend, and their ranks stay within the grey band, which holds 99 % of
    counts of independent draws. Arguments and errors as in `components`.
    """
    return np.asarray(_drawn(figures.traces_figure, result, x, None, "posterior draws")).reshape(-1, 2)


def agreement(result: Any, x: object = None, *, ax: Axes | None = None) -> Drawn:
    """EM points on 89 % posterior intervals, every parameter scaled to posterior mean 0 and standard deviation 1.

    How to read it: a point is a mode and sits beside the mean where the posterior is skewed; a diamond, beyond three standard
    deviations, is a point that the draws contradict. Arguments and errors as in `components`.
    """
    return _drawn(figures.agreement_figure, result, x, ax, "posterior draws")


def predictive(result: Any, x: object = None) -> Drawn:
    """Each feature's histogram over the band that holds 90 % of replicated data sets, bin by bin.

    How to read it: one bin in ten lies outside by chance; several neighbours outside on the same side are something that the
    mixture misses. Arguments and errors as in `components`.
    """
    return _drawn(figures.predictive_figure, result, x, None, "replicated data (the group posterior_predictive)")


def pit(result: Any, x: object = None) -> Drawn:
    """Empirical distribution of u = F_d(x_d) less the uniform one, by feature, with a 95 % Kolmogorov band.

    How to read it: a line that stays in the band is calibrated; a hump means data lower than predicted, a dip higher, an S a
    wrong spread. The rows were also used to fit, so the test is mild. Arguments and errors as in `components`.
    """
    return _drawn(figures.pit_figure, result, x, None)


def responsibilities(result: Any, x: object = None, *, ax: Axes | None = None) -> Drawn:
    """Rows coloured by their mix of components; below, the shares of rows that no component owns with probability 0.99.

    How to read it: a ring, or many colours in a column, is a row whose component is uncertain (mclust's uncertainty is one less
    the largest share). One feature: the probabilities as curves. With `ax` the shares are left away. Arguments and errors
    as in `components`.
    """
    return _drawn(figures.responsibilities_figure, result, x, ax, "two components or more", strip=ax is None)


def criteria(fits: Mapping[int, Any], x: object, *, names: tuple[str, ...] = ("bic", "icl"), ax: Axes | None = None) -> Axes:
    """Criteria of fits with different numbers of components against that number K, from `fit_range`'s answer.

    How to read it: smaller is better, and the smallest of each criterion is marked; a difference in BIC below 2 says next to
    nothing, one above 10 much (Kass & Raftery 1995, doi:10.1080/01621459.1995.10476572). mclust draws the negative. BIC looks
    for the density, ICL for clusters that do not overlap.

    Args:
        fits: point fits by number of components.
        x: the rows that all were fitted to, (N, D).
        names: any of "aic", "bic", "icl", as `gmm_ppl.criteria` defines them.
        ax: where to draw.

    Raises:
        InputError: no fits, or a name that is no criterion.
    """
    from gmm_ppl.results.criteria import criteria as scores

    unknown = [name for name in names if name not in CRITERIA]
    if not fits or unknown or not names:
        what = f"names: {unknown[0]!r} is no criterion" if unknown else "there is nothing to draw"
        raise InputError(f"{what}; give fit_range's answer and names among {', '.join(CRITERIA)}.")
    known = {number: scores(_tree(fits[number], x)) for number in sorted(fits)}
    with style_context():
        axes = ax if ax is not None else _shown(3.0).subplots()
        draw_criteria(axes, known, names)
    return axes


class _Given:
    """Somebody else's axes, in the place of a figure that has no others."""

    def __init__(self, axes: Axes) -> None:
        self.axes = [axes]

    def subplots(self, rows: int = 1, columns: int = 1, *, squeeze: bool = True, **_: object) -> Drawn:
        if (rows, columns) != (1, 1):
            raise InputError(f"ax: this figure has {rows} × {columns} panels; leave ax away.")
        return self.axes[0] if squeeze else np.array([self.axes])


def _drawn(
    make: Callable[..., FigureBlock | None], result: Any, x: object, ax: Axes | None, needs: str = "", **known: object
) -> Drawn:
    """The axes that a figure of the report draws on, in `ax` or a figure of pyplot's."""
    tree = _tree(result, x)
    if not finite(point(tree)):
        raise InputError("the parameters of this fit are not all finite, so there is nothing to draw; see its status.")
    opened = set(plt.get_fignums())
    try:
        block = make(tree, canvas=_shown if ax is None else lambda *_, **__: _Given(ax), **known)
    except BaseException:
        for number in set(plt.get_fignums()) - opened:
            plt.close(number)
        raise
    if block is None:
        raise InputError(f"{make.__name__.removesuffix('_figure')}: this figure needs {needs}, which the result does not have.")
    drawn = [axes for axes in block.figure.axes if axes.axison]
    return drawn[0] if len(drawn) == 1 else np.array(drawn)


def _shown(height: float, *, width: float = WIDTH) -> Any:
    """A figure of pyplot's, which notebooks show."""
    return plt.figure(figsize=(width, height), layout="constrained")


def _tree(result: Any, x: object) -> xr.DataTree:
    if isinstance(result, xr.DataTree):
        if x is not None:
            raise InputError("a labelled result has its rows; give x with a fit only.")
        check_own(result)
        return result
    if x is None:
        raise InputError(f"a {type(result).__name__} does not hold its rows; give them as well, or a result of to_datatree.")
    from gmm_ppl.results.datatree import to_datatree

    return to_datatree(result, x, prior_draws=0, standard_errors=False)  # which no figure draws

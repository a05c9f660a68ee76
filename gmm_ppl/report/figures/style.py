"""One look for every figure: sizes, colours and type, set around each drawing and nowhere global.

Component colours come from Okabe and Ito's colour-blind-safe set, darkened where lines would be too faint on white; a
component keeps its colour in every figure. Each colour has a partner for dark pages,
which the HTML page swaps in. Text is
never read as mathematics, so a column called `$x_1$` is shown as it is.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter

from gmm_ppl.report.numbers import power_of_ten
from gmm_ppl.report.page import FigureBlock

WIDTH = 5.0
INK, MUTED, GRID, PAPER = "#1c2128", "#59636e", "#d5dae0", "#ffffff"
POINTS, BAND = "#7d8590", "#c3c9d1"
COMPONENTS = ("#0072b2", "#d55e00", "#008f68", "#a8488f", "#2b8ac4", "#b57b00", "#6c6c70", "#5a4fcf")
CHAINS = ("#4477aa", "#cc7733", "#448855", "#aa5588", "#777777", "#998833")
DARK = {
    INK: "#e6e9ee", MUTED: "#a0a9b4", GRID: "#39414b", PAPER: "#15191e", BAND: "#454e59", POINTS: "#8b949e",
    "#0072b2": "#58aee6", "#d55e00": "#ff8b4a", "#008f68": "#37c79b", "#a8488f": "#dc8ac8", "#2b8ac4": "#8ccbf5",
    "#b57b00": "#e0ab3c", "#6c6c70": "#a9a9ae", "#5a4fcf": "#9d94f5",
}  # fmt: skip
LONGEST_NAME, LONGEST_LABEL = 28, 44
_RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans", "font.size": 10, "text.color": INK, "text.parse_math": False,
    "axes.edgecolor": MUTED, "axes.labelcolor": INK, "axes.linewidth": 0.7, "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False, "axes.spines.right": False, "axes.formatter.use_mathtext": False,
    "axes.unicode_minus": True,
    "axes.axisbelow": True, "xtick.color": MUTED, "ytick.color": MUTED, "xtick.labelsize": 9, "ytick.labelsize": 9,
    "xtick.major.width": 0.7, "ytick.major.width": 0.7, "grid.color": GRID, "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "legend.frameon": False, "legend.fontsize": 9, "svg.fonttype": "none", "svg.hashsalt": "gmm_ppl",
    "savefig.facecolor": PAPER,
}  # fmt: skip


def styled[**Arguments](draw: Callable[Arguments, FigureBlock | None]) -> Callable[Arguments, FigureBlock | None]:
    """Run a drawing function under the house style and leave matplotlib's settings as they were."""

    @wraps(draw)
    def wrapped(*args: Arguments.args, **kwargs: Arguments.kwargs) -> FigureBlock | None:
        with mpl.rc_context(_RC):
            return draw(*args, **kwargs)

    return wrapped


def style_context() -> AbstractContextManager[None]:
    """The house style as a context, for whoever saves a figure."""
    return mpl.rc_context(_RC)


type Canvas = Callable[..., Any]
"""What makes the figure to draw on, from a height and a width in inches, as `new_figure` does."""


def new_figure(height: float, *, width: float = WIDTH) -> Figure:
    """An empty figure, sizes in inches, that fits its own labels."""
    return Figure(figsize=(width, height), layout="constrained", facecolor=PAPER, dpi=100)


def colour(position: int) -> str:
    """Colour of the component at `position` (0-based), repeating after eight."""
    return COMPONENTS[position % len(COMPONENTS)]


def dashes(position: int) -> str:
    """Line style of the component at `position`: solid for the first eight, dashed and dotted beyond."""
    return ("-", "--", ":")[position // len(COMPONENTS) % 3]


def chain_colour(position: int) -> str:
    """Colour of a chain, unlike any component's."""
    return CHAINS[position % len(CHAINS)]


def shown(name: str, *, most: int = LONGEST_NAME) -> str:
    """A user's name as a label: on one line, without control characters, cut in the middle where it would not fit."""
    clean = "".join(letter if letter.isprintable() else " " for letter in name)
    head = 2 * most // 3
    return clean if len(clean) <= most else f"{clean[:head]}…{clean[len(clean) - (most - head - 1) :]}"


def halo() -> list[withStroke]:
    """A paper-coloured outline that keeps a label legible over data."""
    return [withStroke(linewidth=2.4, foreground=PAPER)]


def powers(axis: Axis) -> None:
    """Label a logarithmic axis by powers of ten in plain text."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(round(np.log10(value))) if value > 0 else ""))
    axis.set_minor_formatter(FuncFormatter(lambda *_: ""))


def quiet(axes: Axes, *, left: bool = False) -> None:
    """Take away the vertical scale of an axis whose heights need not be read."""
    axes.yaxis.set_visible(left)
    axes.spines["left"].set_visible(left)


def blend(start: str, end: str) -> LinearSegmentedColormap:
    """A colour map from one colour to another."""
    return LinearSegmentedColormap.from_list("blend", [start, end])

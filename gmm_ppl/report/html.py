"""A page as one HTML file that needs nothing else: no network, no scripts, figures and style inside."""

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from gmm_ppl.report.mathml import to_mathml
from gmm_ppl.report.page import FigureBlock, Page
from gmm_ppl.report.svg import inline_svg, theme

_MARKS = {"pass": "✓", "caution": "!", "fail": "✕", "note": "–"}


def render_html(page: Page, drawings: Mapping[str, str]) -> str:
    """The page as HTML; `drawings` are the figures' SVG documents by name."""

    def draw(block: FigureBlock) -> Markup:
        return Markup(inline_svg(block, drawings[block.name]))

    return _environment().get_template("report.html").render(page=page, draw=draw, theme=tuple(theme()), marks=_MARKS)


def _math(latex: str, *, display: bool = False) -> Markup:
    """MathML, or the formula's source where it is not mathematics alone."""
    found = to_mathml(latex, display=display)
    return Markup(found) if found is not None else Markup("<code>{}</code>").format(escape(latex))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("gmm_ppl.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["math"] = _math
    return environment

"""A page as one HTML file that needs nothing else: no network, figures and style inside, whole without its one script."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

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

    known = {"page": page, "draw": draw, "theme": tuple(theme()), "marks": _MARKS, "script": sorting_script()}
    return _environment().get_template("report.html").render(known)


@dataclass(frozen=True)
class Script:
    """A script of ours, and the digest by which the page's policy lets it run and nothing else."""

    source: Markup
    digest: str


@cache
def sorting_script() -> Script:
    """What makes tables sortable where scripts run."""
    source = files("gmm_ppl.report").joinpath("templates", "sort.js").read_text(encoding="utf-8")
    return Script(Markup(source), base64.b64encode(hashlib.sha256(source.encode()).digest()).decode())


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

"""Figures as SVG: a file that stands alone, or an element that sits in a page and follows its colours."""

import io
import re
import warnings
from collections.abc import Iterator
from xml.etree import ElementTree

from matplotlib.figure import Figure

from gmm_ppl.report.figures.style import DARK, style_context
from gmm_ppl.report.page import FigureBlock

_RASTER_DPI = 180
_HEX = re.compile("|".join(DARK), re.IGNORECASE)
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_DROPPED = frozenset({"metadata", "style"})


def draw_svg(figure: Figure) -> str:
    """The figure as a standalone SVG document, the same text on every run; point clouds are rasters inside it."""
    buffer = io.StringIO()
    with style_context(), warnings.catch_warnings():
        # A script that the layout font lacks is drawn by the reader's own fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="svg", dpi=_RASTER_DPI, metadata={"Date": None, "Creator": "gmm_ppl"})
    return buffer.getvalue()


def inline_svg(block: FigureBlock, document: str) -> str:
    """The SVG document as an element for an HTML page: named, scalable, in the page's colours, ids its own."""
    root = ElementTree.fromstring(document)
    for parent in list(root.iter()):
        for child in [child for child in parent if _local(child.tag) in _DROPPED]:
            parent.remove(child)
    wanted = {name for element in root.iter() for name in _references(element)}
    for element in root.iter():
        _adapt(element, block.name, wanted)
    width = float(root.attrib.pop("width").removesuffix("pt"))
    del root.attrib["height"]
    root.attrib |= {"role": "img", "aria-label": block.alt, "style": f"--natural: {width:.0f}"}
    return ElementTree.tostring(root, encoding="unicode")


def theme() -> Iterator[tuple[str, str, str]]:
    """(custom property, light colour, dark colour) of everything a figure draws in vectors."""
    for light, dark in DARK.items():
        yield _property(light), light, dark


def _adapt(element: ElementTree.Element, name: str, wanted: set[str]) -> None:
    """Local names, ids that no other figure has, and colours by custom property."""
    element.tag = _local(element.tag)
    attributes = {_local(key): value for key, value in element.attrib.items()}
    identity = attributes.pop("id", "")
    if identity in wanted:
        attributes["id"] = f"{name}-{identity}"
    if attributes.get("href", "").startswith("#"):
        attributes["href"] = f"#{name}-{attributes['href'][1:]}"
    for key, value in attributes.items():
        attributes[key] = _REFERENCE.sub(rf"url(#{name}-\1)", value)
    if "style" in attributes:
        attributes["style"] = _HEX.sub(lambda found: f"var({_property(found.group().lower())})", attributes["style"])
    element.attrib.clear()
    element.attrib.update(attributes)


def _references(element: ElementTree.Element) -> Iterator[str]:
    for key, value in element.attrib.items():
        if _local(key) == "href" and value.startswith("#"):
            yield value[1:]
        yield from _REFERENCE.findall(value)


def _property(colour: str) -> str:
    return f"--fig-{colour[1:]}"


def _local(name: str) -> str:
    return name.rpartition("}")[2]

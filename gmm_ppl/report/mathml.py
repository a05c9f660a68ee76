"""LaTeX as MathML, trusted only as far as it is nothing but mathematics.

A formula may come from a file that someone else wrote, and the converter copies text through as it is; so its answer is
parsed and anything that is not presentational MathML makes the formula fall back to its source.
"""

from xml.etree import ElementTree

from latex2mathml.converter import convert

_ELEMENTS = frozenset(
    """
    math mrow mi mn mo mtext mspace msub msup msubsup munder mover munderover mfrac msqrt mroot mtable mtr mtd mstyle
    mpadded mphantom menclose mmultiscripts
    """.split()  # noqa: SIM905
)
_ATTRIBUTES = frozenset(
    """
    display displaystyle scriptlevel stretchy fence form separator lspace rspace accent accentunder mathvariant
    columnalign rowspacing columnspacing rowlines columnlines width height depth minsize maxsize symmetric
    largeop movablelimits linethickness notation
    """.split()  # noqa: SIM905
)


def to_mathml(latex: str, *, display: bool) -> str | None:
    """A `<math>` element, or None where the formula cannot be read or is not mathematics alone."""
    try:
        root = ElementTree.fromstring(convert(latex, display="block" if display else "inline"))
    except Exception:  # latex2mathml's errors share no class of their own, and unfinished LaTeX ends in any of Python's
        return None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        if element.tag not in _ELEMENTS or not _ATTRIBUTES.issuperset(element.attrib):
            return None
    return ElementTree.tostring(root, encoding="unicode")

"""A page as Markdown, with its figures beside it as files."""

import re
from functools import singledispatch
from html import escape

from gmm_ppl.report import page as parts
from gmm_ppl.report.page import Inline, Page, Section

_SPECIAL = re.compile(r"([\\`*_{}\[\]#|$~!])")
_MARKS = {parts.Tone.GOOD: "✓", parts.Tone.CAUTION: "⚠", parts.Tone.BAD: "✕", parts.Tone.NEUTRAL: "–"}


def render_markdown(page: Page) -> str:
    """The page as GitHub-flavoured Markdown; figures are `figures/NAME.svg`, formulae `$$ … $$`."""
    head = f"# {plain(page.title)}\n\n{plain(page.subtitle)}"
    return "\n\n".join([head, *map(_section, page.sections)]) + "\n"


def plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _section(section: Section) -> str:
    return "\n\n".join([f"## {plain(section.title)}", *map(render_block, section.blocks)])


@singledispatch
def render_block(block: object) -> str:
    """One block as Markdown; each kind registers its own."""
    raise TypeError(f"no Markdown for a block of type {type(block).__name__}: register one in gmm_ppl/report/markdown.py.")


@render_block.register
def _(block: parts.Paragraph) -> str:
    return "".join(map(_inline, block.parts))


@render_block.register
def _(block: parts.Formula) -> str:
    if "$" in block.latex or "\n" in block.latex:
        return _fenced(block.latex)
    return f"$$\n{block.latex}\n$$"


@render_block.register
def _(block: parts.Headline) -> str:
    lines = [f"- {_MARKS[each.tone]} **{plain(each.subject)}** {plain(each.sentence)}" for each in block.standings]
    return "\n".join([f"**{_MARKS[block.tone]} {plain(block.sentence)}**", "", *lines])


@render_block.register
def _(block: parts.Callout) -> str:
    advice = f"\n>\n> {plain(block.advice)}" if block.advice else ""
    return f"> **{_MARKS[block.tone]} {plain(block.title)}.** {plain(block.finding)}{advice}"


@render_block.register
def _(block: parts.TableBlock) -> str:
    header = _line([column.title for column in block.columns])
    rule = "|" + "|".join("---:" if column.numeric else ":---" for column in block.columns) + "|"
    return "\n".join([f"*{plain(block.caption)}*", "", header, rule, *(_line(list(row)) for row in block.rows)])


@render_block.register
def _(block: parts.Facts) -> str:
    return "\n".join(f"- {plain(name)}: {plain(value)}" for name, value in block.rows)


@render_block.register
def _(block: parts.CodeBlock) -> str:
    return _fenced(block.text)


@render_block.register
def _(block: parts.FigureBlock) -> str:
    return f"![{plain(block.alt)}](figures/{block.name}.svg)\n\n*{plain(block.caption)}*"


@render_block.register
def _(block: parts.Fold) -> str:
    inner = "\n\n".join(map(render_block, block.blocks))
    summary = escape(" ".join(block.summary.split()))
    return f"<details>\n<summary>{summary}</summary>\n\n{inner}\n\n</details>"


def _inline(part: Inline) -> str:
    match part:
        case parts.Code(text):
            return f"`{text.replace('`', '')}`"
        case parts.Math(latex):
            return f"${latex}$"
        case str(text):
            start, end = " " if text[:1].isspace() else "", " " if text[-1:].isspace() else ""
            return f"{start}{plain(text)}{end}"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(plain(cell) for cell in cells) + " |"


def _fenced(text: str) -> str:
    fence = "`" * (max(map(len, re.findall("`+", text)), default=2) + 1)
    return f"{fence}text\n{text}\n{fence}"

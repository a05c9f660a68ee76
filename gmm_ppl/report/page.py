"""What a report says, as plain data: a page of sections of blocks, with nothing on how it is shown.

`html.py` and `markdown.py` turn these into files; tests and other renderers read them as they are. Adding a kind of
block is one dataclass here, one template in `templates/blocks/` and one function in `markdown.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from matplotlib.figure import Figure


class Tone(Enum):
    """How a finding should be read; the value is the word shown beside it, so that colour never stands alone."""

    GOOD = "pass"
    CAUTION = "caution"
    BAD = "fail"
    NEUTRAL = "note"

    @property
    def rank(self) -> int:
        """Seriousness, 0 for what needs no reader and 3 for what must be seen first."""
        return (Tone.NEUTRAL, Tone.GOOD, Tone.CAUTION, Tone.BAD).index(self)


@dataclass(frozen=True)
class Code:
    """A name, path or command inside a sentence, set in a fixed-width face."""

    text: str


@dataclass(frozen=True)
class Math:
    """A LaTeX formula inside a sentence."""

    latex: str


type Inline = str | Code | Math


@dataclass(frozen=True)
class Paragraph:
    """One paragraph of text, code and formulae."""

    parts: tuple[Inline, ...]
    kind: ClassVar[str] = "paragraph"


@dataclass(frozen=True)
class Formula:
    """A displayed LaTeX formula."""

    latex: str
    kind: ClassVar[str] = "formula"


@dataclass(frozen=True)
class Callout:
    """A warning or a note that stands out: what was found, then what to do about it."""

    tone: Tone
    title: str
    finding: str
    advice: str = ""
    kind: ClassVar[str] = "callout"


@dataclass(frozen=True)
class Standing:
    """Whether one part of the results can be used, in one sentence."""

    tone: Tone
    subject: str
    sentence: str


@dataclass(frozen=True)
class Headline:
    """The verdict in one sentence, and how each part of the results stands."""

    tone: Tone
    sentence: str
    standings: tuple[Standing, ...]
    kind: ClassVar[str] = "headline"


@dataclass(frozen=True)
class Column:
    """A column of a table; numbers are aligned to the right."""

    title: str
    numeric: bool = True


@dataclass(frozen=True)
class TableBlock:
    """A table of cells already formatted; the first column names the row. `tones`, if given, marks each row."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str
    tones: tuple[Tone, ...] = ()
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Facts:
    """Names and values, one a line."""

    rows: tuple[tuple[str, str], ...]
    kind: ClassVar[str] = "facts"


@dataclass(frozen=True)
class CodeBlock:
    """Commands to type."""

    text: str
    kind: ClassVar[str] = "code"


@dataclass(frozen=True)
class FigureBlock:
    """A figure, a caption that says how to read it, and an alternative text for those who cannot see it."""

    name: str
    figure: Figure
    caption: str
    alt: str
    kind: ClassVar[str] = "figure"


@dataclass(frozen=True)
class Fold:
    """Detail that most readers skip: closed on screen, present in the file."""

    summary: str
    blocks: "tuple[Block, ...]"
    kind: ClassVar[str] = "fold"


type Block = Paragraph | Formula | Callout | Headline | TableBlock | Facts | CodeBlock | FigureBlock | Fold


@dataclass(frozen=True)
class Section:
    """A titled part of the page; `key` is its anchor."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """A whole report."""

    title: str
    subtitle: str
    sections: tuple[Section, ...] = field(default=())

    @property
    def figures(self) -> Iterator[FigureBlock]:
        """Every figure, in reading order."""
        for section in self.sections:
            yield from figures_in(section.blocks)


def figures_in(blocks: Sequence[Block]) -> Iterator[FigureBlock]:
    """Every figure among blocks and in their folds, in reading order."""
    for block in blocks:
        if isinstance(block, FigureBlock):
            yield block
        elif isinstance(block, Fold):
            yield from figures_in(block.blocks)


def paragraph(*parts: Inline) -> Paragraph:
    """A paragraph from its parts in reading order."""
    return Paragraph(parts)

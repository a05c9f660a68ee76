"""Sections of other packages, which register a function under the entry point group `gmm_ppl.report_sections`.

A package that fails, in whatever way, costs its own section and never the report: a callout in its place says which package,
and what went wrong.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from typing import get_args

from gmm_ppl.report.findings import Findings
from gmm_ppl.report.html import render_html
from gmm_ppl.report.markdown import render_markdown
from gmm_ppl.report.page import Block, Callout, Fold, Page, Section, Tone, figures_in, paragraph
from gmm_ppl.report.svg import draw_svg

GROUP = "gmm_ppl.report_sections"

type Make = Callable[[Findings], object]


@dataclass(frozen=True)
class Extension:
    """An entry point and the package that it is of, with its version."""

    point: EntryPoint

    @property
    def package(self) -> str:
        """`name 1.0`."""
        found = self.point.dist
        return f"{found.name} {found.version}" if found is not None else "an unknown package"

    def load(self) -> Make:
        """The function.

        Raises:
            Exception: whatever importing the package raises; TypeError where the name is not of a function.
        """
        make = self.point.load()
        if not callable(make):
            raise TypeError(f"{self.point.value} is {type(make).__name__}, not a function (findings) -> Section | None")
        return make


class Unusable(Exception):
    """What a function answered cannot stand in the page."""


def extensions() -> tuple[Extension, ...]:
    """Every registered section once, in order of its package and its name."""
    found = {(each.package, each.point.name, each.point.value): each for each in map(Extension, entry_points(group=GROUP))}
    return tuple(found[key] for key in sorted(found))


def extension_sections(found: Findings, before: Sequence[Section]) -> tuple[Section, ...]:
    """What other packages have to say of a result, then what went wrong; `before` are the report's own sections."""
    made: list[Section] = []
    failures: list[Callout] = []
    for extension in extensions():
        try:
            section = _section(extension, found, [*before, *made])
        except Exception as error:  # Whatever another's code raises: the report is not theirs to stop.
            failures.append(_failure(extension, error))
        else:
            made += [section] if section is not None else []
    if failures:
        made.append(Section("extensions-failed", "Sections that failed", tuple(failures)))
    return tuple(made)


def _section(extension: Extension, found: Findings, before: Sequence[Section]) -> Section | None:
    answer = extension.load()(found)
    if answer is None:
        return None
    section = _checked(answer, before)
    signed = replace(section, blocks=(*section.blocks, paragraph(f"This section was made by {extension.package}.")))
    _try(signed)
    return signed


def _checked(section: object, before: Sequence[Section]) -> Section:
    if not isinstance(section, Section):
        raise Unusable(f"it answered with {type(section).__name__}, not with a Section or None")
    if not section.key.replace("-", "").replace("_", "").isalnum():
        raise Unusable(f"{section.key!r} is not a key of letters, digits, hyphens and underscores")
    if section.key in {each.key for each in before}:
        raise Unusable(f"the page has a section with the key {section.key!r} already")
    strangers = [each for each in _blocks(section.blocks) if not isinstance(each, get_args(Block.__value__))]
    if strangers:
        raise Unusable(f"{type(strangers[0]).__name__} is not a block of a page")
    taken = {each.name for part in before for each in figures_in(part.blocks)}
    _check_names([each.name for each in figures_in(section.blocks)], taken)
    return section


def _check_names(names: Sequence[str], taken: Collection[str]) -> None:
    for name in names:
        if not name.isidentifier():
            raise Unusable(f"{name!r} is no name for a figure: it must be an identifier")
        if name in taken or names.count(name) > 1:
            raise Unusable(f"the page has a figure named {name!r} already")


def _blocks(blocks: Sequence[object]) -> Iterator[object]:
    for block in blocks:
        yield block
        if isinstance(block, Fold):
            yield from _blocks(block.blocks)


def _try(section: Section) -> None:
    """Render a section by itself, so that it fails here if it does."""
    page = Page("", "", (section,))
    render_html(page, {block.name: draw_svg(block.figure) for block in figures_in(section.blocks)})
    render_markdown(page)


def _failure(extension: Extension, error: Exception) -> Callout:
    words = str(error) if isinstance(error, Unusable) else f"{type(error).__name__}: {error}"
    logging.getLogger(__name__).warning("report section %s of %s: %s", extension.point.name, extension.package, words)
    advice = f"The rest of the report does not depend on it. Tell the authors of {extension.package}, or uninstall it."
    return Callout(Tone.CAUTION, f"{extension.point.name}, of {extension.package}", f"{words}.", advice)

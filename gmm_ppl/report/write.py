"""A labelled result to a report on disk: the one function that a run and `gmm-ppl report` call."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import xarray as xr

from gmm_ppl.errors import InputError
from gmm_ppl.report.extensions import extension_sections
from gmm_ppl.report.findings import Findings, gather
from gmm_ppl.report.html import render_html
from gmm_ppl.report.markdown import render_markdown
from gmm_ppl.report.numbers import count, plural
from gmm_ppl.report.page import Page
from gmm_ppl.report.reading import components, features, observations
from gmm_ppl.report.sections import SECTIONS
from gmm_ppl.report.svg import draw_svg
from gmm_ppl.report.verdict import conclude

LOGGER = logging.getLogger(__name__)

FORMATS: Mapping[str, Callable[[Page, Mapping[str, str]], str]] = {
    "html": render_html,
    "md": lambda page, _: render_markdown(page),
}


def write_report(
    tree: xr.DataTree,
    directory: str | Path,
    *,
    formats: Sequence[str] = ("html", "md"),
    manifest: Mapping[str, object] | None = None,
) -> tuple[Path, ...]:
    """Write `report.html`, `report.md` (as `formats` asks) and `figures/*.svg` for a labelled result.

    Args:
        tree: a result in this library's schema; groups that are missing are left out of the report or said to be.
        directory: where to write; made if it is not there. Files of the same names are replaced.
        formats: any of "html" (one self-contained file) and "md" (with the figures beside it).
        manifest: what the run recorded of itself (seeds, versions, hashes, timings), shown under reproducibility.

    Returns:
        The files written, reports first.

    Raises:
        InputError: an unknown format, or a tree without the groups `em_fit` and `observed_data`.
    """
    _check(tree, formats)
    found = gather(tree, manifest)
    LOGGER.info("verdict: %s", conclude(found.checks).sentence)
    page = _page(found)
    return write_page(page, directory, "report", formats)


def write_page(page: Page, directory: str | Path, name: str, formats: Sequence[str] = tuple(FORMATS)) -> tuple[Path, ...]:
    """Write any page as `name` with the suffix of each format, and its figures beside it; returns the files, pages first."""
    drawings = {block.name: draw_svg(block.figure) for block in page.figures}
    texts = {f"{name}.{each}": FORMATS[each](page, drawings) for each in formats}
    texts |= {f"figures/{each}.svg": drawing for each, drawing in drawings.items()}
    return tuple(_write(Path(directory) / each, text) for each, text in texts.items())


def build_page(tree: xr.DataTree, manifest: Mapping[str, object] | None = None) -> Page:
    """The report as plain data: every section that has something to say, those of other packages before the record of the run."""
    return _page(gather(tree, manifest))


def _page(found: Findings) -> Page:
    *sections, last = [section for section in (make(found) for make in SECTIONS) if section is not None]
    others = extension_sections(found, [*sections, last])
    return Page(str(found.tree.attrs.get("name", "Gaussian mixture")), _subtitle(found), (*sections, *others, last))


def _subtitle(found: Findings) -> str:
    tree = found.tree
    size = f"{plural(len(observations(tree)), 'row')} × {plural(len(features(tree)), 'feature')}"
    day = str(tree.attrs.get("created_at", ""))[:10]
    parts = [f"Gaussian mixture, {count(len(components(tree)))} × {tree.attrs['covariance']} covariance", size, day]
    return " · ".join(part for part in parts if part)


def _check(tree: xr.DataTree, formats: Sequence[str]) -> None:
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise InputError(f"formats: {unknown[0]!r} is not a report format; choose from {', '.join(FORMATS)}.")
    missing = [group for group in ("em_fit", "observed_data") if group not in tree.children]
    if missing:
        raise InputError(
            f"the result has no group {missing[0]!r}; a report needs em_fit and observed_data, and this file has: "
            f"{', '.join(tree.children) or 'no groups'}. Write it with gmm_ppl.to_datatree or `gmm-ppl run`."
        )


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path

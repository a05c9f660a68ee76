"""The HTML file: whole, self-contained, escaped, well structured, legible."""

import base64
import hashlib
import itertools
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gmm_ppl.report import write_report
from gmm_ppl.report.figures.style import COMPONENTS, DARK, INK, MUTED, PAPER
from gmm_ppl.report.html import render_html
from gmm_ppl.report.mathml import to_mathml
from gmm_ppl.report.page import Column, Formula, Page, Section, TableBlock, Tone, paragraph
from gmm_ppl.report.svg import draw_svg, inline_svg
from tests.report.conftest import HOSTILE, SCRIPT, page_of
from tests.report.synthetic import em_only

Write = Callable[[str], Path]
LOADS = {"src", "href", "srcset", "poster", "data", "action", "formaction", "background", "xlink:href"}
VOID = {"meta", "link", "img", "br", "hr", "input"}
TEMPLATES = Path(__file__).parents[2] / "gmm_ppl" / "report" / "templates"


class Outline(HTMLParser):
    """Tags, attributes, ids and text of a document, with a check that tags nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, *names: str) -> list[str]:
        return [value for _, attrs in self.tags for name, value in attrs.items() if name in names]


def outline_of(directory: Path) -> Outline:
    return Outline((directory / "report.html").read_text(encoding="utf-8"))


def small(*blocks: object) -> str:
    return render_html(Page("t", "s", (Section("k", "T", blocks),)), {})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["full", "diagonal, hostile", "no draws", "bad"])
def test_nothing_is_loaded_and_nothing_runs(name: str, written: Write) -> None:
    found = outline_of(written(name))
    assert found.open == []
    assert all(value.startswith(("#", "data:image/png;base64,")) for value in found.values(*LOADS))
    assert not {tag for tag, _ in found.tags} & {"link", "iframe", "object", "embed", "base", "form"}
    assert [attrs for tag, attrs in found.tags if tag == "script"] == [{}]
    assert not [attr for _, attrs in found.tags for attr in attrs if attr.startswith("on")]
    styles = " ".join([*found.values("style"), *re.findall(r"<style>.*?</style>", "".join(found.text), re.DOTALL)])
    assert "@import" not in styles
    assert not re.search(r"url\((?!#)", styles)


def test_the_policy_lets_the_one_script_run_and_no_other(written: Write) -> None:
    text = (written("diagonal, hostile") / "report.html").read_text(encoding="utf-8")
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', text)
    (source,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"


def test_only_tables_of_four_rows_and_more_are_sortable() -> None:
    def classes(rows: int) -> str:
        block = TableBlock((Column("a"),), (("1",),) * rows, "c")
        return next(attrs["class"] for tag, attrs in Outline(small(block)).tags if tag == "table")

    assert "sortable" not in classes(3).split()
    assert "sortable" in classes(4).split()


@pytest.mark.parametrize("name", ["full", "bad"])
def test_every_column_has_a_title(name: str, written: Write) -> None:
    text = (written(name) / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r"<th[^>]*>\s*</th>", text)


@pytest.mark.parametrize("name", ["full", "diagonal, hostile"])
def test_ids_are_unique_and_references_arrive(name: str, written: Write) -> None:
    found = outline_of(written(name))
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    wanted = [v[1:] for v in found.values("href") if v.startswith("#")]
    wanted += [each for value in found.values("style", "clip-path", "mask") for each in re.findall(r"url\(#([^)]+)\)", value)]
    wanted += found.values("aria-labelledby")
    assert set(wanted) <= set(ids)


def test_headings_do_not_skip_and_figures_have_alternatives(written: Write) -> None:
    found = outline_of(written("bad"))
    levels = [int(tag[1]) for tag, _ in found.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(later <= sooner + 1 for sooner, later in itertools.pairwise(levels))
    images = [attrs for tag, attrs in found.tags if tag == "svg"]
    assert len(images) == 8
    assert all(attrs["role"] == "img" and len(attrs["aria-label"]) > 30 for attrs in images)


def test_names_stay_text_everywhere(written: Write) -> None:
    found = outline_of(written("diagonal, hostile"))
    text = "".join(found.text)
    assert text.count(SCRIPT) > 10
    for name in HOSTILE[:3]:
        assert name in text


def test_names_stay_text_inside_figures() -> None:
    block = next(block for block in page_of("diagonal, hostile").figures if block.name == "marginals")
    text = "".join(Outline(inline_svg(block, draw_svg(block.figure))).text)
    for name in HOSTILE[:3]:
        assert name in text


def test_a_control_character_in_a_name_does_not_break_the_figure(tmp_path: Path) -> None:
    tree = em_only(names=("a\x01b\nc", "-->"), number=40)
    write_report(tree, tmp_path, formats=("html",))
    assert "a b c" in "".join(outline_of(tmp_path).text)


def test_figures_follow_the_page_colours(written: Write) -> None:
    found = outline_of(written("full"))
    styles = " ".join(attrs["style"] for tag, attrs in found.tags if tag in {"path", "text", "g", "use"} and "style" in attrs)
    assert "var(--fig-1c2128)" in styles
    assert not [each for each in DARK if each in styles.lower()]


def test_a_standalone_figure_is_the_same_on_every_run_and_keeps_its_colours() -> None:
    block = next(page_of("no draws").figures)
    first = draw_svg(block.figure)
    assert first == draw_svg(block.figure)
    assert COMPONENTS[0] in first
    assert "<dc:date>" not in first


def test_the_file_is_small(written: Write, tmp_path: Path) -> None:
    assert (written("full") / "report.html").stat().st_size < 2_000_000
    write_report(em_only(number=20_000), tmp_path, formats=("html",))
    assert (tmp_path / "report.html").stat().st_size < 2_000_000


def test_the_verdict_comes_first(written: Write) -> None:
    text = " ".join("".join(outline_of(written("bad")).text.copy()).split())
    assert text.index("Do not use the posterior draws: largest R-hat") < text.index("Result") < text.index("Model and prior")


def test_formulae_are_mathml() -> None:
    found = Outline(
        small(Formula(r"p(x) = \sum_{k=1}^{K} \pi_k \mathcal N(x \mid \mu_k, \begin{pmatrix} 1 & 0 \\ 0 & 2 \end{pmatrix})"))
    )
    tags = [tag for tag, _ in found.tags]
    assert {"math", "munderover", "msub", "mtable"} <= set(tags)
    assert dict(found.tags)["math"]["display"] == "block"


@pytest.mark.parametrize(
    "latex",
    [r"\text{<script>alert(1)</script>}", r"\text{<b>}", r"\href{javascript:alert(1)}{x}", r"\style{color:red}{x}"],
)
def test_a_formula_that_is_more_than_mathematics_is_shown_as_its_source(latex: str) -> None:
    assert to_mathml(latex, display=True) is None
    found = Outline(small(Formula(latex)))
    assert latex in "".join(found.text)
    tags = [tag for tag, _ in found.tags]
    assert tags.count("script") == 1
    assert not {*tags} & {"b", "math"}


def test_every_string_of_a_page_is_escaped() -> None:
    table = TableBlock((), ((SCRIPT,),), SCRIPT, (Tone.BAD,))
    page = Page(SCRIPT, SCRIPT, (Section("k", SCRIPT, (paragraph(SCRIPT), table)),))
    assert [tag for tag, _ in Outline(render_html(page, {})).tags].count("script") == 1


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def themes() -> list[dict[str, str]]:
    """Colour variables of the light and the dark page."""
    css = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_contrasts_with_its_background(scheme: int) -> None:
    colours = themes()[scheme]
    assert contrast(colours["ink"], colours["paper"]) >= 12
    for name in ("muted", "link", "pass", "caution", "fail"):
        assert contrast(colours[name], colours["paper"]) >= 4.5, name
    for name in ("pass", "caution", "fail"):
        assert contrast(colours[name], colours[f"{name}-wash"]) >= 4.5, name
        assert contrast(colours["ink"], colours[f"{name}-wash"]) >= 10, name


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_figure_colours_contrast_with_their_background(scheme: int) -> None:
    used = [{each: each for each in DARK}, DARK][scheme]
    assert used[PAPER] == themes()[scheme]["paper"]
    assert contrast(used[INK], used[PAPER]) >= 12
    assert contrast(used[MUTED], used[PAPER]) >= 4.5
    assert all(contrast(used[each], used[PAPER]) >= 3 for each in COMPONENTS)

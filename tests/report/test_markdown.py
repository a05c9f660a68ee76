"""The Markdown file and the figures beside it."""

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from gmm_ppl.report.markdown import plain, render_block
from gmm_ppl.report.page import Callout, Code, Facts, Formula, Math, Tone, paragraph
from gmm_ppl.report.write import build_page, write_report
from tests.report.conftest import HOSTILE, SCRIPT, page_of, tree_of

Write = Callable[[str], Path]


def tokens(text: str) -> list:
    return MarkdownIt("commonmark").enable("table").parse(text)


@pytest.mark.parametrize("name", ["full", "one feature", "diagonal, hostile", "no draws"])
def test_every_figure_is_a_file_beside_it_that_is_valid_svg(name: str, written: Write) -> None:
    directory = written(name)
    wanted = re.findall(r"!\[.+?\]\((figures/\w+\.svg)\)", (directory / "report.md").read_text(encoding="utf-8"))
    assert wanted
    assert sorted(wanted) == sorted(str(path.relative_to(directory)) for path in (directory / "figures").iterdir())
    for path in wanted:
        assert ElementTree.parse(directory / path).getroot().tag.endswith("svg")


@pytest.mark.parametrize("name", ["full", "diagonal, hostile", "bad"])
def test_markdown_parses_into_headings_tables_and_images(name: str, written: Write) -> None:
    found = tokens((written(name) / "report.md").read_text(encoding="utf-8"))
    headings = [token.tag for token in found if token.type == "heading_open"]
    assert headings == ["h1"] + ["h2"] * len(page_of(name).sections)
    assert sum(token.type == "table_open" for token in found) >= 6
    raw = [token.content for token in found if token.type == "html_block"]
    assert all(re.match(r"</?(details|summary)>", block) for block in raw)
    inline = [child for token in found if token.children for child in token.children]
    assert not [child for child in inline if child.type == "html_inline"]


def test_names_stay_text(written: Write) -> None:
    found = tokens((written("diagonal, hostile") / "report.md").read_text(encoding="utf-8"))
    cells = ["".join(child.content for child in token.children) for token in found if token.type == "inline" and token.children]
    for name in HOSTILE[:3]:
        assert name in cells


def test_tables_keep_their_columns_whatever_the_names(written: Write) -> None:
    lines = (written("diagonal, hostile") / "report.md").read_text(encoding="utf-8").splitlines()
    bars = [len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0 for line in lines]
    assert all(a == b for a, b in itertools.pairwise(bars) if a and b)


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (paragraph("a_b* ", Code("x"), " and ", Math(r"\mu")), r"a\_b\* `x` and $\mu$"),
        (Formula(r"\pi \sim D"), "$$\n\\pi \\sim D\n$$"),
        (Formula("x $$ <script>"), "```text\nx $$ <script>\n```"),
        (Callout(Tone.BAD, "R-hat", "1 > 0", "Stop."), "> **✕ R-hat.** 1 &gt; 0\n>\n> Stop."),
    ],
)
def test_blocks_as_markdown(block: object, text: str) -> None:
    assert render_block(block) == text


def test_plain_text_is_one_escaped_line() -> None:
    assert plain(f"{SCRIPT}\n|a|") == r"&lt;script&gt;alert(1)&lt;/script&gt; \|a\|"


def test_an_unknown_block_says_where_to_register_it() -> None:
    with pytest.raises(TypeError, match=r"no Markdown for a block of type object: register one in"):
        render_block(object())


def test_only_the_formats_asked_for_are_written(tmp_path: Path) -> None:
    paths = write_report(tree_of("no draws"), tmp_path, formats=("md",))
    assert next(path.name for path in paths) == "report.md"
    assert not (tmp_path / "report.html").exists()
    assert set(paths) == {path for path in tmp_path.rglob("*") if path.is_file()}


def test_the_manifest_is_shown_flat() -> None:
    page = build_page(tree_of("no draws"), {"versions": {"jax": "0.12"}, "seeds": [1, 2]})
    facts = next(block for block in page.sections[-1].blocks if isinstance(block, Facts))
    assert facts.rows == (("versions.jax", "0.12"), ("seeds", "[1, 2]"))

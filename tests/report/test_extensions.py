"""Sections of other packages: real distributions on the path, good, broken and rude; the report survives them all."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gmm_ppl.cli import app
from gmm_ppl.report import build_page, write_report
from gmm_ppl.report.page import Callout, Paragraph, Section, Tone
from tests.report.conftest import SCRIPT, tree_of

GOOD = '''
from gmm_ppl.report.page import Column, FigureBlock, Section, TableBlock, paragraph

def counted(findings):
    """How many rows there are."""
    rows = findings.tree["observed_data"].sizes["obs"]
    return Section("counted", "Counted", (paragraph(f"{rows} rows."), TableBlock((Column("a"),), (("1",),), "Ones")))

def silent(findings):
    """Nothing to say."""

def raising(findings):
    return 1 / 0

def number(findings):
    return 3

def twice(findings):
    return Section("data", "Data again", ())

def strange(findings):
    return Section("strange", "Strange", ("not a block",))

def unprintable(findings):
    return Section("unprintable", "Unprintable", (TableBlock((Column("a"),), ((object(),),), "Objects"),))

def badly_keyed(findings):
    return Section('"><script>alert(1)</script>', "Key", ())

def same_figure(findings):
    from matplotlib.figure import Figure
    return Section("same_figure", "Figure", (FigureBlock("components", Figure(), "c", "a"),))

not_a_function = 7
'''
REPORT = ("verdict", "result", "data", "model", "em", "sampler", "fit_checks", "assignments")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a distribution of one module on the path, as an installer would leave it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(package: str, module: str, source: str, **points: str) -> None:
        (tmp_path / f"{module}.py").write_text(source, encoding="utf-8")
        folder = tmp_path / f"{package.replace('-', '_')}-1.2.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n", encoding="utf-8")
        lines = "".join(f"{name} = {value}\n" for name, value in points.items())
        (folder / "entry_points.txt").write_text(f"[gmm_ppl.report_sections]\n{lines}", encoding="utf-8")
        importlib.invalidate_caches()
        monkeypatch.delitem(sys.modules, module, raising=False)

    return put


def sections() -> dict[str, Section]:
    return {section.key: section for section in build_page(tree_of("no draws")).sections}


def failures() -> dict[str, Callout]:
    blocks = sections()["extensions-failed"].blocks
    return {block.title: block for block in blocks if isinstance(block, Callout)}


def test_a_section_of_another_package_stands_before_the_record_of_the_run(install: Callable) -> None:
    install("tiny-section", "tiny", GOOD, counted="tiny:counted", silent="tiny:silent")
    keys = list(sections())
    assert keys == [*REPORT, "counted", "reproducibility"]
    blocks = sections()["counted"].blocks
    assert blocks[0] == Paragraph(("150 rows.",))
    assert blocks[-1] == Paragraph(("This section was made by tiny-section 1.2.",))


def test_it_is_in_every_file(install: Callable, tmp_path: Path) -> None:
    install("tiny-section", "tiny", GOOD, counted="tiny:counted")
    write_report(tree_of("no draws"), tmp_path / "out")
    assert '<a href="#counted">Counted</a>' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "## Counted" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ("tiny:raising", "ZeroDivisionError: division by zero."),
        ("tiny:number", "it answered with int, not with a Section or None."),
        ("tiny:twice", "the page has a section with the key 'data' already."),
        ("tiny:strange", "str is not a block of a page."),
        ("tiny:unprintable", "object"),
        ("tiny:badly_keyed", "is not a key of letters, digits, hyphens and underscores."),
        ("tiny:same_figure", "the page has a figure named 'components' already."),
        ("tiny:not_a_function", "TypeError: tiny:not_a_function is int, not a function"),
        ("tiny:absent", "AttributeError: module 'tiny' has no attribute 'absent'."),
        ("nowhere:counted", "ModuleNotFoundError: No module named 'nowhere'."),
    ],
)
def test_one_that_fails_is_named_and_costs_the_report_nothing(
    point: str, words: str, install: Callable, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install("tiny-section", "tiny", GOOD, broken=point, counted="tiny:counted")
    (failure,) = failures().values()
    assert failure.tone is Tone.CAUTION
    assert failure.title == "broken, of tiny-section 1.2"
    assert words in failure.finding
    assert "tiny-section 1.2" in caplog.text
    assert list(sections()) == [*REPORT, "counted", "extensions-failed", "reproducibility"]
    written = write_report(tree_of("no draws"), tmp_path / "out")
    assert all(path.exists() for path in written)


def test_a_package_whose_import_fails_is_named(install: Callable) -> None:
    install("rude", "rude", f"raise RuntimeError({SCRIPT!r})", one="rude:one")
    assert failures()["one, of rude 1.2"].finding == f"RuntimeError: {SCRIPT}."


def test_two_packages_with_one_key_the_first_by_name_wins(install: Callable) -> None:
    install("b-section", "b", GOOD, counted="b:counted")
    install("a-section", "a", GOOD, counted="a:counted")
    assert sections()["counted"].blocks[-1] == Paragraph(("This section was made by a-section 1.2.",))
    assert list(failures()) == ["counted, of b-section 1.2"]


def test_they_are_listed_with_their_package(install: Callable) -> None:
    install("tiny-section", "tiny", GOOD, counted="tiny:counted", broken="tiny:absent")
    lines = CliRunner().invoke(app, ["list"]).stdout.splitlines()
    assert "section\tcounted\tHow many rows there are. (package tiny-section 1.2)" in lines
    (broken,) = [line for line in lines if line.startswith("section\tbroken\t")]
    assert "cannot be loaded: AttributeError" in broken
    assert broken.endswith("(package tiny-section 1.2)")


def test_without_any_the_page_is_the_report_alone() -> None:
    assert list(sections()) == [*REPORT, "reproducibility"]

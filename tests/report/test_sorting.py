"""Tables that sort: by number, by rank, by name; with their marks; by keyboard; whole where no script runs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gmm_ppl.report.html import render_html
from gmm_ppl.report.numbers import aligned, count, decimals, number, percent, probability
from gmm_ppl.report.page import Column, Page, Section, TableBlock, Tone
from tests.report.browser import Page as Tab
from tests.report.browser import chromium, or_skip

pytestmark = pytest.mark.browser

# Written as the report writes numbers, in no order; the last are missing.
VALUES = (3.0, -12.0, 1234567.0, 0.0, 2e-9, float("inf"), -4e8, 4e8, float("nan"), -0.25, 12345.0, -float("inf"), float("nan"))
TONES = (Tone.GOOD, Tone.BAD, Tone.NEUTRAL, Tone.CAUTION, Tone.GOOD)
CHECKED = tuple(f"check {at}" for at in (10, 9, 2, 1, 20))


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    or_skip()
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def show(tab: Tab, folder: Path, *tables: TableBlock, scripts: bool = True) -> None:
    path = folder / "page.html"
    path.write_text(render_html(Page("t", "s", (Section("verdict", "T", tables),)), {}), encoding="utf-8")
    tab.complaints.clear()
    tab.send("Emulation.setScriptExecutionDisabled", value=not scripts)
    tab.open(path, width=1280)


def column(tab: Tab, at: int) -> list[str]:
    """Cells of the first table, from the top."""
    cells = f"[...document.querySelector('table').tBodies[0].rows].map(row => row.cells[{at}].textContent.trim())"
    return json.loads(str(tab.run(f"JSON.stringify({cells})")))


def click(tab: Tab, at: int) -> None:
    tab.run(f"document.querySelectorAll('thead th')[{at}].querySelector('button').click()")


def numbers_table() -> TableBlock:
    rows = tuple((f"row {at}", number(value)) for at, value in enumerate(VALUES))
    return TableBlock((Column("name", numeric=False), Column("value")), rows, "Numbers")


def checks_table() -> TableBlock:
    columns = tuple(Column(title, numeric=False) for title in ("check", "outcome"))
    rows = tuple((name, tone.value) for name, tone in zip(CHECKED, TONES, strict=True))
    return TableBlock(columns, rows, "Checks", TONES)


def test_numbers_sort_as_numbers_and_missing_ones_come_last(tab: Tab, tmp_path: Path) -> None:
    show(tab, tmp_path, numbers_table())
    known = sorted(value for value in VALUES if value == value)
    for order in (known, known[::-1]):
        click(tab, 1)
        assert column(tab, 1) == [*map(number, order), "–", "–"]
    click(tab, 1)
    assert column(tab, 0) == [f"row {at}" for at in range(len(VALUES))]
    assert tab.complaints == []


@pytest.mark.parametrize(
    "cells",
    [
        tuple(count(value) for value in (-1_234_567, -20, 0, 999, 1_000, 1_000_000)),
        tuple(probability(value) for value in (0.0, 0.0001, 0.001, 0.5, 0.999, 0.9999, 1.0)),
        tuple(percent(value) for value in (0.0, 0.0004, 0.02, 0.5, 0.9999, 1.0)),
        tuple(decimals(value, 2) for value in (-1e7, -3.0, -0.5, 0.0, 4.0, 1e12)),
        tuple(f"{value} ± 0.1" for value in aligned([-11.0, -2.0, 3.0, 20.0], error=0.1)),
        ("−5 to 2", "1 to 2", "10 to 11", "200 to 300"),
    ],
)
def test_every_form_of_a_number_is_read(cells: tuple[str, ...], tab: Tab, tmp_path: Path) -> None:
    mixed = cells[1::2] + cells[::2]
    rows = tuple((f"row {at}", cell) for at, cell in enumerate(mixed))
    show(tab, tmp_path, TableBlock((Column("name", numeric=False), Column("value")), rows, "Numbers"))
    click(tab, 1)
    assert column(tab, 1) == list(cells)


def test_names_sort_by_their_numbers_and_outcomes_by_seriousness_with_their_marks(tab: Tab, tmp_path: Path) -> None:
    show(tab, tmp_path, checks_table())
    click(tab, 0)
    assert column(tab, 0) == ["check 1", "check 2", "check 9", "check 10", "check 20"]
    click(tab, 1)
    assert [cell.split()[-1] for cell in column(tab, 1)] == ["note", "pass", "pass", "caution", "fail"]
    marked = "[...document.querySelectorAll('tbody tr')].every(row => row.cells[1].textContent.trim().endsWith(row.className))"
    assert tab.run(marked) is True
    assert dict(zip(column(tab, 0), (cell.split()[-1] for cell in column(tab, 1)), strict=True)) == {
        name: tone.value for name, tone in zip(CHECKED, TONES, strict=True)
    }


def test_the_sorted_column_says_so_and_only_that_one(tab: Tab, tmp_path: Path) -> None:
    show(tab, tmp_path, numbers_table())
    said = "JSON.stringify([...document.querySelectorAll('thead th')].map(head => head.getAttribute('aria-sort')))"
    for at, expected in [
        (1, [None, "ascending"]),
        (1, [None, "descending"]),
        (0, ["ascending", None]),
        (0, ["descending", None]),
    ]:
        click(tab, at)
        assert json.loads(str(tab.run(said))) == expected
    click(tab, 0)
    assert json.loads(str(tab.run(said))) == [None, None]


def test_a_keyboard_is_enough(tab: Tab, tmp_path: Path) -> None:
    show(tab, tmp_path, numbers_table())
    for _ in range(12):
        tab.press("Tab", 9)
        if tab.run("document.activeElement.textContent") == "value":
            break
    tab.press("Enter", 13, text="\r")
    assert column(tab, 1)[0] == "−∞"


def test_without_scripts_the_table_is_whole_and_has_no_buttons(tab: Tab, tmp_path: Path) -> None:
    show(tab, tmp_path, numbers_table(), scripts=False)
    tab.send("Emulation.setScriptExecutionDisabled", value=False)
    assert len(column(tab, 1)) == len(VALUES)
    assert tab.run("document.querySelectorAll('button').length") == 0


def test_short_tables_have_no_buttons(tab: Tab, tmp_path: Path) -> None:
    show(tab, tmp_path, TableBlock((Column("a"),), (("1",), ("2",), ("3",)), "Short"))
    assert tab.run("document.querySelectorAll('button').length") == 0

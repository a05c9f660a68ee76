"""What the page of a comparison says, on comparisons whose answer is known."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from gmm_ppl.report.comparison import comparison_page, write_comparison
from gmm_ppl.report.comparison.preferred import by_bic, by_elpd, doubts, headline, preferences
from gmm_ppl.report.page import Headline, TableBlock, Tone
from gmm_ppl.results.comparison import Comparison, compare
from gmm_ppl.results.comparison.scores import NUMBERS
from gmm_ppl.results.datatree import to_datatree
from tests.results.fits import draws_fit, point_fit, table


@cache
def trees() -> tuple[xr.DataTree, xr.DataTree]:
    """Two results of the same rows, the second a point alone with three components."""
    rows = table()
    sampled = to_datatree(draws_fit(point_fit("full")), rows, prior_draws=0, predictive_draws=0)
    return sampled, to_datatree(point_fit("tied", components=3, x=rows.values), rows, prior_draws=0)


def compared(name: str = "first") -> Comparison:
    """Both, the first under a name of one's own."""
    return compare(dict(zip((name, "second"), trees(), strict=True)))


def runs(**columns: list[Any]) -> xr.Dataset:
    """A comparison's `runs` with what is given, and nothing else."""
    length = len(next(iter(columns.values())))
    known = {name: ("run", columns.get(name, [np.nan] * length)) for name in NUMBERS}
    status = columns.get("status", [""] * length)
    return xr.Dataset({**known, "status": ("run", status)}, coords={"run": list("abc")[:length]})


def test_the_smallest_bic_is_preferred_clearly_from_ten_on():
    found = by_bic(runs(bic=[120.0, 100.0, 109.0]))
    assert found is not None
    assert (found.name, found.clear, found.sentence) == ("b", False, "b, 9.0 below c: not clearly.")
    found = by_bic(runs(bic=[120.0, 100.0, 110.0]))
    assert found is not None
    assert found.clear


def test_scores_must_differ_by_two_errors():
    for difference, clear in ((-3.0, False), (-5.0, True)):
        found = by_elpd(runs(elpd_diff=[difference, 0.0], elpd_diff_se=[2.0, 0.0]))
        assert found is not None
        assert (found.name, found.clear) == ("b", clear)


def test_what_is_missing_ranks_nothing():
    assert preferences(runs(bic=[np.nan, 3.0])) == []
    assert headline([], same_rows=True)[0] is Tone.NEUTRAL


def test_criteria_that_disagree_are_named():
    found = preferences(runs(bic=[100.0, 150.0], elpd_diff=[-9.0, 0.0], elpd_diff_se=[1.0, 0.0]))
    tone, sentence = headline(found, same_rows=True)
    assert (tone, sentence) == (Tone.CAUTION, "The criteria disagree: BIC prefers a; Leave-one-out score prefers b.")
    assert headline(found, same_rows=False)[1].startswith("The results are not of the same rows")
    agreed = preferences(runs(bic=[100.0, 150.0], elpd_diff=[0.0, -9.0], elpd_diff_se=[0.0, 1.0]))
    assert headline(agreed, same_rows=True) == (Tone.GOOD, "a is preferred.")


def test_results_of_different_rows_are_ranked_by_nothing():
    rows = table(seed=1)
    other = to_datatree(point_fit("full", x=rows.values), rows, prior_draws=0)
    page = comparison_page(compare({"first": trees()[1], "second": other}), {})
    verdict = next(block for block in page.sections[0].blocks if isinstance(block, Headline))
    assert verdict.standings == ()
    assert "criteria cannot be" in verdict.sentence
    assert [figure.name for figure in page.figures] == ["parameters"]
    criteria = next(block for block in page.sections[1].blocks if isinstance(block, TableBlock))
    assert criteria.caption.endswith("not to be set against each other")


def test_results_that_cannot_be_trusted_are_named():
    found = list(doubts(runs(max_rhat=[1.001, 1.2], status=["STEP_LIMIT", "CONVERGED"])))
    assert [(each.subject, each.tone) for each in found] == [("a", Tone.BAD), ("b", Tone.BAD)]


def test_every_number_of_the_comparison_is_on_the_page():
    found = compared()
    blocks = [block for section in comparison_page(found, {}).sections for block in section.blocks]
    tables = [block for block in blocks if isinstance(block, TableBlock)]
    labels = {row[0] for row in tables[1].rows}
    assert labels == set(found.parameters["parameter"].values.astype(str))
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)
    assert "–" in {cell for row in tables[1].rows for cell in row}


def test_it_is_written_as_two_files_and_figures(tmp_path: Path):
    write_comparison(tmp_path, compared("a|b"), {"command": "gmm-ppl compare a b"})
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {"comparison.html", "comparison.md", "figures/criteria.svg", "figures/parameters.svg"}
    lines = (tmp_path / "comparison.md").read_text().splitlines()
    row = next(line for line in lines if line.startswith("| a"))
    assert r"a\|b" in row


@pytest.mark.parametrize("many", [12])
def test_many_results_fit(many: int):
    page = comparison_page(compare({f"run {each}": trees()[each % 2] for each in range(many)}), {})
    assert all(figure.figure.get_size_inches()[1] < 40 for figure in page.figures)

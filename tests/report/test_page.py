"""Every section of every result, read as plain data."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm

from gmm_ppl.errors import InputError
from gmm_ppl.report import build_page, write_report
from gmm_ppl.report.page import Block, Fold, Page, Paragraph, Section, TableBlock
from gmm_ppl.report.parameters import parameter_rows
from tests.report.conftest import NAMES, page_of, tree_of
from tests.report.synthetic import FAITHFUL, em_only, sampled

ALWAYS = ["verdict", "result", "data", "model", "em", "sampler"]
DRAWN = ["components", "objective", "traces", "agreement", "marginals", "predictive", "pit", "responsibilities"]


def blocks_of(page: Page) -> Iterator[Block]:
    """All blocks, folded ones too."""
    waiting = [block for section in page.sections for block in section.blocks]
    while waiting:
        block = waiting.pop(0)
        yield block
        waiting = [*(block.blocks if isinstance(block, Fold) else ()), *waiting]


def section(page: Page, key: str) -> Section:
    return next(each for each in page.sections if each.key == key)


def table(page: Page, key: str, caption: str) -> TableBlock:
    return next(b for b in section(page, key).blocks if isinstance(b, TableBlock) and b.caption.startswith(caption))


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("full", ["agreement", "sensitivity", "fit_checks", "assignments"]),
        ("one component", ["agreement", "sensitivity", "fit_checks"]),
        ("no draws", ["fit_checks", "assignments"]),
        ("bad", ["agreement", "sensitivity", "fit_checks", "assignments"]),
    ],
)
def test_sections_are_those_with_something_to_say(name: str, rest: list[str]) -> None:
    assert [each.key for each in page_of(name).sections] == [*ALWAYS, *rest, "reproducibility"]


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("full", set()),
        ("one feature", {"marginals"}),
        ("one component", {"responsibilities"}),
        ("no draws", {"traces", "agreement", "predictive"}),
    ],
)
def test_figures_are_those_with_input(name: str, missing: set[str]) -> None:
    assert [block.name for block in page_of(name).figures] == [each for each in DRAWN if each not in missing]


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_rectangular_and_every_cell_says_something(name: str) -> None:
    for block in blocks_of(page_of(name)):
        if isinstance(block, TableBlock):
            assert block.rows, block.caption
            assert {len(row) for row in block.rows} == {len(block.columns)}, block.caption
            assert all(cell and "nan" not in cell.lower() for row in block.rows for cell in row), block.caption


def test_the_result_table_gives_posterior_means_and_sds() -> None:
    weights = tree_of("full")["posterior"].dataset["weights"]
    rows = {row[0]: row[1:] for row in table(page_of("full"), "result", "The components").rows}
    assert list(rows) == [
        "weight", "mean of eruptions", "mean of waiting", "sd of eruptions", "sd of waiting",
        "correlation of eruptions, waiting",
    ]  # fmt: skip
    mean, sd = float(weights[..., 0].mean()), float(weights[..., 0].std())
    assert rows["weight"][0] == f"{mean:.3f} ± {sd:.3f}"


def test_the_result_table_of_a_point_has_no_errors() -> None:
    rows = {row[0]: row[1:] for row in table(page_of("no draws"), "result", "The components").rows}
    assert rows["weight"] == ("0.6441", "0.3559")
    assert rows["sd of waiting"] == ("6.004", "5.805")


def test_data_quantiles() -> None:
    x = tree_of("full")["observed_data"].dataset["x"].values[:, 1]
    row = table(page_of("full"), "data", "Features").rows[1]
    wanted = [x.mean(), x.std(ddof=1), x.min(), *np.quantile(x, [0.25, 0.5, 0.75]), x.max()]
    assert row[0] == "waiting"
    np.testing.assert_allclose([float(cell) for cell in row[1:]], wanted, atol=0.051)


def test_parameters_are_each_named_once_and_matrices_by_their_upper_triangle() -> None:
    labels = [row.label for row in parameter_rows(tree_of("full"))]
    assert len(labels) == len(set(labels)) == 2 + 4 + 2 * 3
    assert labels[6:9] == [
        "covariances[0, eruptions, eruptions]", "covariances[0, eruptions, waiting]", "covariances[0, waiting, waiting]",
    ]  # fmt: skip


def test_z_and_quantile_of_a_parameter() -> None:
    tree = tree_of("bad")
    draws = tree["posterior"].dataset["means"].values[..., 1, 0].ravel()
    row = next(row for row in parameter_rows(tree) if row.label == "means[1, eruptions]")
    assert row.z == pytest.approx((FAITHFUL.means[1, 0] - draws.mean()) / draws.std(ddof=1), rel=1e-9)
    assert row.quantile == pytest.approx((draws < FAITHFUL.means[1, 0]).mean())


def test_optima_are_counted_with_their_gap() -> None:
    rows = table(page_of("full"), "em", "Where the starts ended").rows
    began = ["kmeans (2), random (1) and unions (1)", "nearest (1) and random (1)"]
    assert [row[:3] for row in rows] == [("0", "4", began[0]), ("1", "2", began[1])]
    assert [row[4:6] for row in rows] == [("0.000", "25–33"), ("8.000", "31–35")]


def test_known_labels_are_crossed_with_components() -> None:
    rows = table(page_of("diagonal, hostile"), "assignments", "Components against the known species").rows
    assert [row[0] for row in rows] == ["setosa", "versicolor", "virginica"]
    assert [sum(int(cell) for cell in row[1:]) for row in rows] == [50, 50, 50]


def test_the_least_expected_rows_have_the_lowest_density() -> None:
    tree = tree_of("full")
    x = tree["observed_data"].dataset["x"].values
    joint = sum(
        weight * np.exp(-0.5 * np.einsum("ni,ij,nj->n", x - mean, np.linalg.inv(cov), x - mean)) / np.sqrt(np.linalg.det(cov))
        for weight, mean, cov in zip(FAITHFUL.weights, FAITHFUL.means, FAITHFUL.covariances, strict=True)
    )
    rows = table(page_of("full"), "fit_checks", "The rows that the fit expects least").rows
    assert [int(row[0]) for row in rows] == np.argsort(joint)[:5].tolist()


def test_what_was_left_out_is_said() -> None:
    tree = em_only()
    tree.attrs["left_out"] = '["log_likelihood: too many rows."]'
    texts = [part for b in section(build_page(tree), "reproducibility").blocks if isinstance(b, Paragraph) for part in b.parts]
    assert "Left out of the file: log_likelihood: too many rows." in texts


@pytest.mark.parametrize(
    ("groups", "sections"),
    [(("log_likelihood", "loo", "em_trace"), 10), (("posterior_predictive", "assignments", "em_restarts", "constant_data"), 11)],
)
def test_missing_groups_are_left_out_and_nothing_fails(groups: tuple[str, ...], sections: int) -> None:
    tree = sampled(number=60)
    for group in groups:
        del tree[group]
    assert len(build_page(tree).sections) == sections


def test_a_file_read_back_makes_the_same_page(tmp_path: Path) -> None:
    tree = tree_of("one feature")
    tree.to_netcdf(tmp_path / "results.nc", engine="h5netcdf")
    with xr.open_datatree(tmp_path / "results.nc", engine="h5netcdf") as stored:
        again = build_page(stored.load())
    first = page_of("one feature")
    texts = [[b for b in blocks_of(page) if not hasattr(b, "figure")] for page in (first, again)]
    assert texts[0] == texts[1]
    assert [f.caption for f in first.figures] == [f.caption for f in again.figures]


def test_a_point_that_is_not_finite_is_reported_without_pictures() -> None:
    tree = em_only(number=60)
    for array in tree["em_fit"].dataset.data_vars.values():
        array.values[...] = np.nan if array.dtype.kind == "f" else array.values
    tree["em_fit"].attrs |= {"status": "NON_FINITE", "message": "The objective is not finite: look for outliers."}
    page = build_page(tree)
    assert list(page.figures) == []
    assert page.sections[0].blocks[0].sentence == "Do not use this fit: EM status “non finite”."  # type: ignore[union-attr]


def test_constant_weights_of_one_component_are_not_judged() -> None:
    rows = [row for row in parameter_rows(tree_of("one component")) if not row.varies]
    assert [row.label for row in rows] == ["weights[0]"]


def test_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^formats: 'pdf' is not a report format; choose from html, md\.$"):
        write_report(tree_of("no draws"), tmp_path, formats=("pdf",))
    assert not list(tmp_path.iterdir())


def test_a_tree_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no group 'em_fit'.*this file has: posterior\. Write it with gmm_ppl"):
        write_report(xr.DataTree.from_dict({"/posterior": xr.Dataset()}), tmp_path)


def test_scipy_agrees_with_the_density_of_the_synthetic_rows() -> None:
    x = tree_of("one feature")["observed_data"].dataset["x"].values[:, 0]
    fit = tree_of("one feature")["em_fit"].dataset
    parts = fit["weights"].values * norm.pdf(x[:, None], fit["means"].values[:, 0], np.sqrt(fit["covariances"].values[:, 0, 0]))
    np.testing.assert_allclose(fit["log_density"].values, np.log(parts.sum(1)), rtol=1e-10)

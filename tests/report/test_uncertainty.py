"""The section on the EM point's uncertainty, from a file alone."""

import numpy as np
import pytest
import xarray as xr

from gmm_ppl.report import build_page, write_report
from gmm_ppl.report.page import Callout, Fold, Paragraph, TableBlock
from tests.report.synthetic import FAITHFUL, FLOWERS, em_only, sampled

NAMES4 = ("a", "b", "c", "d")
SHARES = {"observed_se": 0.02, "sandwich_se": 0.03, "bootstrap_se": 0.027, "bootstrap_low": 0.9, "bootstrap_high": 1.1}


def with_errors(tree, errors=tuple(SHARES), **attrs):
    """The tree with errors that are shares of the parameters."""
    fit = tree["em_fit"].dataset
    names = [name for name in ("weights", "means", "covariances", "covariance", "variances") if name in fit]
    group = xr.Dataset({f"{name}_{error}": abs(fit[name]) * SHARES[error] for name in names for error in errors})
    known = {"information": "REGULAR", "message": "fine", "replicates": 1000, "replicates_usable": 1000}
    tree["em_uncertainty"] = xr.DataTree(group.assign_attrs({**known, **attrs}))
    return tree


def section_of(tree):
    return next(each for each in build_page(tree).sections if each.key == "uncertainty")


def text_of(section):
    return " ".join(str(part) for block in section.blocks if isinstance(block, Paragraph) for part in block.parts)


def test_every_error_beside_the_posterior():
    section = section_of(with_errors(sampled()))
    table = next(block for block in section.blocks if isinstance(block, TableBlock))
    assert [column.title for column in table.columns] == [
        "parameter", "EM point ± observed", "sandwich", "bootstrap", "posterior mean ± sd",
    ]  # fmt: skip
    rows = {row[0]: row[1:] for row in table.rows}
    assert len(rows) == 12
    assert rows["weights[0]"][:3] == ("0.644 ± 0.013", "0.019", "0.017")
    assert "±" in rows["weights[0]"][3]
    words = text_of(section)
    assert "Sandwich over observed: 1.50 to 1.50" in words
    assert "Bootstrap over sandwich: 0.90 to 0.90" in words
    assert "Posterior over observed:" in words
    assert "(1,000 replicates)" in words


def test_it_stands_after_the_agreement():
    keys = [each.key for each in build_page(with_errors(sampled())).sections]
    assert keys.index("uncertainty") == keys.index("agreement") + 1


def test_a_point_without_draws_or_bootstrap():
    section = section_of(with_errors(em_only(), ("observed_se", "sandwich_se")))
    table = next(block for block in section.blocks if isinstance(block, TableBlock))
    assert [column.title for column in table.columns] == ["parameter", "EM point ± observed", "sandwich"]
    assert "osterior" not in text_of(section)
    assert "ootstrap" not in text_of(section)


def test_many_parameters_are_folded():
    section = section_of(with_errors(em_only(FLOWERS, names=NAMES4)))
    assert any(isinstance(block, Fold) for block in section.blocks)


def test_no_curvature_is_a_caution():
    tree = with_errors(em_only(), ("observed_se", "sandwich_se"), information="INDEFINITE", message="It curves upwards.")
    for name in tree["em_uncertainty"].dataset.data_vars:
        tree["em_uncertainty"][name] = tree["em_uncertainty"][name] * np.nan
    blocks = section_of(tree).blocks
    assert [block.finding for block in blocks if isinstance(block, Callout)] == ["It curves upwards."]
    assert len(blocks) == 1


def test_collapsed_replicates_are_a_caution():
    blocks = section_of(with_errors(em_only(), replicates_usable=988)).blocks
    assert next(block.finding for block in blocks if isinstance(block, Callout)) == (
        "12 replicates of 1,000 collapsed and have no part in the errors."
    )


def test_files_without_the_group_say_nothing():
    assert "uncertainty" not in [each.key for each in build_page(em_only(FAITHFUL)).sections]


@pytest.mark.parametrize("make", [em_only, sampled])
def test_it_is_written(make, tmp_path):
    write_report(with_errors(make()), tmp_path, manifest={"status": "complete"})
    for name in ("report.html", "report.md"):
        assert "Uncertainty of the EM point" in (tmp_path / name).read_text(encoding="utf-8")

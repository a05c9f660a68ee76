"""The section on prior sensitivity, from a file alone."""

import numpy as np
import pytest

from gmm_ppl.report import build_page
from gmm_ppl.report.page import Paragraph, TableBlock
from tests.report.synthetic import FAITHFUL, em_only, sampled


def section_of(tree):
    return next((each for each in build_page(tree).sections if each.key == "sensitivity"), None)


def text_of(section):
    return " ".join(str(part) for block in section.blocks if isinstance(block, Paragraph) for part in block.parts)


def test_a_prior_that_moves_the_posterior_is_named():
    """Log prior densities that follow one mean closely: a little more prior, and that mean moves."""
    tree = sampled()
    means = tree["posterior"].dataset["means"]
    tree["log_prior"]["log_prior"] = 40 * (means[..., 0, 0] - means[..., 0, 0].mean()) / means[..., 0, 0].std()
    section = section_of(tree)
    table = next(block for block in section.blocks if isinstance(block, TableBlock))
    rows = {row[0]: row[1:] for row in table.rows}
    assert float(rows["means[0, eruptions]"][0]) > 0.05
    assert "prior" in rows["means[0, eruptions]"][2]
    assert f"{len(table.rows)} parameter" in text_of(section)


def test_a_prior_that_says_nothing():
    tree = sampled()
    tree["log_prior"]["log_prior"] = 0 * tree["log_prior"]["log_prior"] + 1e-9 * np.arange(tree["log_prior"].sizes["draw"])
    section = section_of(tree)
    table = [block for block in section.blocks if isinstance(block, TableBlock)]
    assert all("the data say little" in row[3] for block in table for row in block.rows)


@pytest.mark.parametrize("without", ["log_prior", "log_likelihood"])
def test_files_without_the_densities_have_no_section(without):
    tree = sampled()
    del tree[without]
    assert section_of(tree) is None
    assert section_of(em_only(FAITHFUL)) is None


def test_an_approximation_has_no_section():
    tree = sampled()
    tree["sample_stats"].attrs["engine"] = "laplace"
    assert section_of(tree) is None

"""The section on prior sensitivity, from a file alone."""

import numpy as np
import pytest

from gmm_ppl.report import build_page
from gmm_ppl.report.findings import gather
from gmm_ppl.report.page import Paragraph, TableBlock, Tone
from tests.report.synthetic import FAITHFUL, em_only, sampled


def section_of(tree):
    return next((each for each in build_page(tree).sections if each.key == "sensitivity"), None)


def text_of(section):
    return " ".join(str(part) for block in section.blocks if isinstance(block, Paragraph) for part in block.parts)


def test_a_prior_that_moves_the_posterior_is_named():
    """A log prior that follows one mean closely, and a log-likelihood that pulls it back."""
    tree = sampled()
    mean = tree["posterior"].dataset["means"][..., 0, 0]
    pull = 3 * (mean - mean.mean()) / mean.std()
    tree["log_prior"]["log_prior"] = pull
    tree["log_likelihood"]["x"] = tree["log_likelihood"]["x"] - pull / tree["log_likelihood"].sizes["obs"]
    section = section_of(tree)
    table = next(block for block in section.blocks if isinstance(block, TableBlock))
    rows = {row[0]: row[1:] for row in table.rows}
    assert float(rows["means[0, eruptions]"][0]) > 0.05
    assert float(rows["means[0, eruptions]"][2]) > 1
    assert rows["means[0, eruptions]"][3] == "prior and data may be in conflict"
    conflicts = sum(row[4] == "prior and data may be in conflict" for row in table.rows)
    assert f" {len(table.rows)} gave reason to say something, {conflicts} that" in text_of(section)
    check = next(each for each in gather(tree).checks if each.name == "Prior")
    assert check.tone is Tone.CAUTION
    assert check.finding.startswith(
        "Prior and data may be in conflict: a prior that counted twice would move the mean of means[0"
    )


def test_a_prior_that_says_nothing():
    tree = sampled()
    tree["log_prior"]["log_prior"] = 0 * tree["log_prior"]["log_prior"] + 1e-9 * np.arange(tree["log_prior"].sizes["draw"])
    section = section_of(tree)
    table = [block for block in section.blocks if isinstance(block, TableBlock)]
    assert all("the data say little" in row[4] for block in table for row in block.rows)
    assert next(each for each in gather(tree).checks if each.name == "Prior").tone is Tone.GOOD


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

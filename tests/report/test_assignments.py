"""The rows that are uncertain, with what the file says of their responsibilities."""

import numpy as np
import pytest
import xarray as xr

from gmm_ppl.report import build_page
from gmm_ppl.report.page import TableBlock
from tests.report.synthetic import em_only, sampled

SHARES = np.array([[0.6, 0.4], [0.98, 0.02]])


def least_certain(tree: xr.DataTree) -> TableBlock:
    """The table of the rows that no component holds for sure."""
    blocks = next(each for each in build_page(tree).sections if each.key == "assignments").blocks
    return next(block for block in blocks if isinstance(block, TableBlock) and block.caption.startswith("The least certain rows"))


def with_shares(tree: xr.DataTree, group: str, **more: np.ndarray) -> xr.DataTree:
    """The tree with rows that are sure, but for row 4: 0.6 to 0.4."""
    dataset = tree[group].dataset
    shares = np.where(np.arange(dataset.sizes["obs"])[:, None] == 4, *SHARES)
    dims = ("obs", "component")
    known = {"responsibilities": shares, **{name: np.broadcast_to(each, shares.shape) for name, each in more.items()}}
    tree[group] = xr.DataTree(dataset.assign({name: (dims, each, {"probability": 0.89}) for name, each in known.items()}))
    return tree


def test_the_interval_stands_beside_the_mean() -> None:
    ends = {"responsibilities_low": np.array([0.456, 0.2]), "responsibilities_high": np.array([0.8, 0.544])}
    table = least_certain(with_shares(sampled(number=60), "assignments", **ends))
    assert table.caption == "The least certain rows: responsibility (89 % posterior interval) by component"
    assert [(row[0], *row[-3:]) for row in table.rows] == [("4", "0.60 (0.46 to 0.80)", "0.40 (0.20 to 0.54)", "0.67")]


def test_a_file_without_intervals_shows_standard_deviations() -> None:
    table = least_certain(with_shares(sampled(number=60), "assignments", responsibilities_sd=np.array([0.1, 0.1])))
    assert table.caption == "The least certain rows: responsibility ± posterior sd by component"
    assert [row[-3:] for row in table.rows] == [("0.60 ± 0.10", "0.40 ± 0.10", "0.67")]


@pytest.mark.parametrize("name", ["responsibilities_low", "responsibilities_sd"])
def test_a_point_has_neither(name: str) -> None:
    tree = with_shares(em_only(number=60), "em_fit", **{name: np.array([0.1, 0.1])})
    table = least_certain(tree)
    assert table.caption == "The least certain rows: responsibility by component"
    assert [row[-3:] for row in table.rows] == [("0.600", "0.400", "0.67")]

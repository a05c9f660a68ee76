"""Results to report on, made once; pages and files of each, made once where a test asks."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from gmm_ppl.report import build_page, write_report
from gmm_ppl.report.page import Page
from tests.report.synthetic import EIGHT, FLOWERS, GALAXIES, SHAPED, SPHERICAL, TIED, em_only, sampled

SCRIPT = "<script>alert(1)</script>"
HOSTILE = (SCRIPT, "petal $len$ {x}^2", "a_b | c & *d*", "漢字 \\alpha `q` " + "long " * 12)
SPECIES = np.repeat(["setosa", "versicolor", "virginica"], 50)

MAKERS: dict[str, Callable[[], xr.DataTree]] = {
    "full": sampled,
    "tied": lambda: sampled(TIED),
    "one feature": lambda: sampled(GALAXIES, names=("velocity",), number=82),
    "diagonal, hostile": lambda: sampled(FLOWERS, names=HOSTILE, labels={"species": SPECIES}),
    "one component": lambda: sampled(SPHERICAL),
    "two parts": lambda: sampled(SHAPED, names=("a", "b", "c", "d"), number=200),
    "eight components": lambda: sampled(EIGHT, names=("x", "y", "z"), number=400),
    "no draws": em_only,
    "no draws, one feature": lambda: em_only(GALAXIES, names=("velocity",), number=82),
    "bad": lambda: sampled(bad=True),
}
NAMES = tuple(MAKERS)


@cache
def tree_of(name: str) -> xr.DataTree:
    """A synthetic result by name."""
    return MAKERS[name]()


@cache
def page_of(name: str) -> Page:
    """Its page."""
    return build_page(tree_of(name))


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The directory that holds the report of a synthetic result, written on first use."""

    @cache
    def write(name: str) -> Path:
        directory = tmp_path_factory.mktemp("report")
        write_report(tree_of(name), directory, manifest={"seeds": {"run": 20}, "status": "complete"})
        return directory

    return write

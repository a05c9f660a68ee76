"""Everything the sections read, worked out once from a labelled result."""

from collections.abc import Mapping
from dataclasses import dataclass

import xarray as xr

from gmm_ppl.report.checks import Check, Measurements, run_checks
from gmm_ppl.report.measure import measure, sensitivity_of
from gmm_ppl.report.parameters import ParameterRow, parameter_rows
from gmm_ppl.report.reading import check_own, has
from gmm_ppl.results.criteria import criteria


@dataclass(frozen=True)
class Findings:
    """A labelled result with its parameter table, checks, `results.sensitivity` and, where there is one, the run's manifest."""

    tree: xr.DataTree
    rows: tuple[ParameterRow, ...]
    measurements: Measurements
    checks: tuple[Check, ...]
    criteria: Mapping[str, float | None]
    manifest: Mapping[str, object]
    sensitivity: xr.Dataset | None

    @property
    def sampled(self) -> bool:
        """Whether posterior draws are there."""
        return has(self.tree, "posterior")


def gather(tree: xr.DataTree, manifest: Mapping[str, object] | None = None) -> Findings:
    """Read a result once for the whole report.

    Raises:
        InputError: a result that was made elsewhere.
    """
    check_own(tree)
    rows = parameter_rows(tree)
    powers = sensitivity_of(tree)
    found = measure(tree, rows, powers)
    return Findings(tree, rows, found, run_checks(found), criteria(tree), manifest or {}, powers)

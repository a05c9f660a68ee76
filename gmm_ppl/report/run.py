"""The report of a run, its record in the page."""

import json
from pathlib import Path

import xarray as xr

from gmm_ppl.report.write import write_report


def render_run(directory: Path, tree: xr.DataTree, formats: tuple[str, ...]) -> tuple[Path, ...]:
    """Write the report of a run's tree; returns the files.

    The record of the run travels in the results file, so that the report is the same whenever it is made.
    """
    record = json.loads(tree.attrs.get("provenance", "null"))
    shown = tree.copy()
    shown.attrs = {name: value for name, value in tree.attrs.items() if name != "provenance"}
    return write_report(shown, directory, formats=formats, manifest=record)

"""Compare runs from their directories, and leave the comparison in one of its own."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.json_file import write_json
from gmm_ppl.experiment.store import COMPLETE, FORMAT, MANIFEST, outputs_of, replacing
from gmm_ppl.experiment.sweep.names import read_state
from gmm_ppl.experiment.sweep.state import runs_of
from gmm_ppl.results.comparison import Comparison, compare
from gmm_ppl.results.comparison.names import name_of, numbered
from gmm_ppl.results.store import ENGINE

MOST = 40
"""Results on one page."""

type Render = Callable[[Path, Comparison, dict[str, Any]], object]
"""Writes the page of a comparison into a directory; the last argument is its record."""


def compare_runs(given: Sequence[Path], directory: Path, *, render: Render, command: str = "") -> Comparison:
    """Compare results and leave `directory` with the page, `comparison.csv` and `comparison.nc`, or nothing at all.

    Arguments:
        given: run directories, files of results, or directories of sweeps, which stand for their runs.
        directory: where to write; a comparison there is replaced.
        render: writes the page.
        command: what was typed, for the record.

    Raises:
        InputError: fewer than two results or more than 40, one that cannot be read, or a directory that holds other things.
    """
    found = compare(expanded(given))
    with replacing(directory) as partial:
        found.table.to_csv(partial / "comparison.csv")
        found.to_datatree().to_netcdf(partial / "comparison.nc", engine=ENGINE)
        render(partial, found, {"command": command})
        write_json(partial / MANIFEST, {"format": FORMAT, "status": COMPLETE, "outputs": outputs_of(partial)})
    return found


def expanded(given: Sequence[Path]) -> dict[str, Path]:
    """Every result by name: that of its directory, and in the place of a sweep its runs, by what they differ in.

    Raises:
        InputError: more than fit on a page.
    """
    every = [pair for path in given for pair in _results_in(path)]
    if len(every) > MOST:
        raise InputError(f"compare: {len(every)} results are more than the {MOST} that fit on a page; name some of them")
    return dict(zip(numbered(name for name, _ in every), (path for _, path in every), strict=True))


def _results_in(path: Path) -> list[tuple[str, Path]]:
    """The path itself, or `components 2, covariance full` and the directory of every run of a sweep that is done."""
    state = read_state(path)
    if state is None:
        return [(name_of(path), path)]
    return [(_label(state["runs"][run.name]["settings"]), run) for run in runs_of(path, state)]


def _label(settings: dict[str, Any]) -> str:
    return ", ".join(f"{key.rpartition('.')[2]} {value}" for key, value in settings.items())


def lines(found: Comparison) -> list[str]:
    """The comparison on one screen: a row for each result."""
    columns = ["covariance", "components", "bic", "elpd_loo", "elpd_diff", "elpd_diff_se", "max_rhat", "total_seconds"]
    table = found.table
    kept = [name for name in columns if name in table]
    shown = table[kept].map(lambda value: f"{value:.6g}" if isinstance(value, float) else value)
    return shown.fillna("–").to_string().splitlines()

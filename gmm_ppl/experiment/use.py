"""What a finished run is used for: predicting new rows, drawing new ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gmm_ppl.data.rows import new_rows
from gmm_ppl.errors import InputError
from gmm_ppl.experiment.tables_out import check_writable, write_frames
from gmm_ppl.progress import Progress, silent
from gmm_ppl.results.scored import RowScorer
from gmm_ppl.results.simulate import simulate
from gmm_ppl.results.store import load

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

CHUNK = 50_000
"""Rows that are scored, and written, at a time."""


def predict_rows(
    directory: Path,
    data: Path,
    out: Path | None,
    *,
    point: bool = False,
    outlying: float = 0.01,
    progress: Progress = silent,
) -> int:
    """Write, for every row of `data`, what `results.scored.score_rows` says of it; returns the number of rows.

    Columns: `row`, from 0; `assignment`; `log_density` (nats); `tail`; `outlier`; and for each component k
    `responsibility_k` with `responsibility_k_low` and `responsibility_k_high` where there are draws.

    Arguments:
        directory: a run directory, or a file of results.
        data: the new rows, in a file of any kind that a config can name; columns are found by name.
        out: a file; its suffix says how it is written. CSV on the standard output if None.
        point: predict from the EM point, though there are draws.
        outlying: share of the fit's own rows that would be flagged.
        progress: called after every chunk.

    Raises:
        InputError: results or rows that cannot be read, or a file that cannot be written.
    """
    check_writable(out)
    scorer = RowScorer(of_point(load(directory)) if point else load(directory), outlying=outlying)
    x = new_rows(data, scorer.features, scorer.n_features)
    write_frames(_scored(scorer, x, progress), out)
    return len(x)


def sample_rows(directory: Path, rows: int, out: Path | None, *, seed: int = 0, point: bool = False) -> None:
    """Write rows drawn from a fit, a column a feature, and the component each is from, as `component`.

    Raises:
        InputError: results that cannot be read, fewer than one row, or a file that cannot be written.
    """
    check_writable(out)
    tree = load(directory)
    drawn = simulate(of_point(tree) if point else tree, rows, seed=seed)
    write_frames([_of_simulated(drawn)], out)


def of_point(tree: "xr.DataTree") -> "xr.DataTree":
    """The same tree without its draws.

    Raises:
        InputError: it has no EM point.
    """
    if "em_fit" not in tree.children:
        raise InputError("--point: this result has no EM point; leave the option away to use its draws.")
    return tree.filter(lambda node: node.path != "/posterior")


def _scored(scorer: RowScorer, x: np.ndarray, progress: Progress) -> Iterator["pd.DataFrame"]:
    for start in range(0, len(x), CHUNK):
        part = x[start : start + CHUNK]
        yield _frame(scorer.score(part), start)
        progress("Rows", start + len(part), len(x))


def _frame(scored: "xr.Dataset", start: int) -> "pd.DataFrame":
    import pandas as pd

    columns = {"row": start + np.arange(scored.sizes["obs"])}
    columns |= {name: scored[name].values for name in ("assignment", "log_density", "tail", "outlier")}
    for component in scored["component"].values:
        for suffix in ("", "_low", "_high"):
            if f"responsibilities{suffix}" in scored:
                values = scored[f"responsibilities{suffix}"].sel(component=component).values
                columns[f"responsibility_{component}{suffix}"] = values
    return pd.DataFrame(columns)


def _of_simulated(drawn: "xr.Dataset") -> "pd.DataFrame":
    import pandas as pd

    names = [str(name) for name in drawn["feature"].values]
    label = "component" if "component" not in names else "component_"
    return pd.DataFrame(drawn["x"].values, columns=pd.Index(names)).assign(**{label: drawn["origin"].values})

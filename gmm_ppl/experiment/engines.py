"""The functions a run is made of, as one value: the package's own, or stand-ins for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from gmm_ppl.inference.base import DrawsFit, PointFit


@dataclass(frozen=True)
class Engines:
    """What `run` calls, in this order.

    Attributes:
        fit: mixture, table, seed, progress and the keys of the config's `em` → the EM point.
        sample: mixture, table, start, seed, progress and the keys of `mcmc` → draws.
        to_datatree: draws or point, table, seed → the labelled result.
        save: tree, path → a netCDF file.
        metrics: tree → what `metrics.json` holds.
        summary: tree → the text of `summary.csv`.
    """

    fit: Callable[..., PointFit]
    sample: Callable[..., DrawsFit]
    to_datatree: Callable[..., xr.DataTree]
    save: Callable[[xr.DataTree, Path], object]
    metrics: Callable[[xr.DataTree], Mapping[str, Any]]
    summary: Callable[[xr.DataTree], str]


def default_engines() -> Engines:
    """The package's own."""
    from gmm_ppl.inference.fit import fit
    from gmm_ppl.inference.sample import sample
    from gmm_ppl.results import metrics, save, summary_csv, to_datatree

    return Engines(fit, sample, to_datatree, save, metrics, summary_csv)

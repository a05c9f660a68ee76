"""The functions a run is made of, as one value: the package's own, or stand-ins for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmm_ppl.inference.base import DrawsFit, PointFit

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@dataclass(frozen=True)
class Engines:
    """What `run` calls, in this order.

    Attributes:
        fit: mixture, table, seed, progress and the keys of the config's `em` → the EM point.
        sample: mixture, table, start, seed, progress and the keys of `mcmc` → draws.
        to_datatree: draws or point, table, name, seed, progress → the labelled result.
        save: tree, path → a netCDF file.
        metrics: tree → what `metrics.json` holds.
        summary: tree → the table that `summary.csv` holds.
    """

    fit: Callable[..., PointFit]
    sample: Callable[..., DrawsFit]
    to_datatree: Callable[..., "xr.DataTree"]
    save: Callable[["xr.DataTree", Path], object]
    metrics: Callable[["xr.DataTree"], Mapping[str, Any]]
    summary: Callable[["xr.DataTree"], "pd.DataFrame"]


def default_engines() -> Engines:
    """The package's own."""
    from gmm_ppl.inference.fit import fit
    from gmm_ppl.results.datatree import to_datatree
    from gmm_ppl.results.metrics import metrics
    from gmm_ppl.results.store import save
    from gmm_ppl.results.summary import summary

    return Engines(fit, _sample, to_datatree, save, metrics, summary)


def _sample(*args: Any, **options: Any) -> DrawsFit:
    """`inference.nuts.sample`, imported when it is first called: a run without a sampler need not wait for BlackJAX."""
    from gmm_ppl.inference.nuts import sample

    return sample(*args, **options)

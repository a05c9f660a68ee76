"""The functions a run is made of, as one value: the package's own, or stand-ins for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmm_ppl.inference.base import DrawsFit, PointFit

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from gmm_ppl.inference.errors.bootstrap import BootstrapFit

SAMPLERS = {
    "nuts": ("nuts.sample", "sample", "NUTS"),
    "laplace": ("mode.laplace", "laplace", "Laplace"),
    "tempered": ("smc.tempered", "temper", "Tempering"),
}
"""Module below `inference`, function, and name in progress and logs of each sampler that a config can name."""


@dataclass(frozen=True)
class Engines:
    """What `run` calls, in this order.

    Attributes:
        fit: mixture, table, seed, progress and the keys of the config's `em` → the EM point.
        sample: a sampler's name, mixture, table, start, seed, progress and its keys of `mcmc` → draws.
        bootstrap: mixture, table, start, replicates, seed, progress → replicates of the EM point.
        to_datatree: draws or point, table, name, seed, relabelling, bootstrap, progress → the labelled result.
        save: tree, path → a netCDF file.
        metrics: tree → what `metrics.json` holds.
        summary: tree → the table that `summary.csv` holds.
    """

    fit: Callable[..., PointFit]
    sample: Callable[..., DrawsFit]
    bootstrap: Callable[..., "BootstrapFit"]
    to_datatree: Callable[..., "xr.DataTree"]
    save: Callable[["xr.DataTree", Path], object]
    metrics: Callable[["xr.DataTree"], Mapping[str, Any]]
    summary: Callable[["xr.DataTree"], "pd.DataFrame"]


def default_engines() -> Engines:
    """The package's own."""
    from gmm_ppl.inference.em.fit import fit
    from gmm_ppl.results.datatree import to_datatree
    from gmm_ppl.results.metrics import metrics
    from gmm_ppl.results.store import save
    from gmm_ppl.results.summary import summary

    return Engines(fit, _sample, _bootstrap, to_datatree, save, metrics, summary)


def _sample(sampler: str, *args: Any, **options: Any) -> DrawsFit:
    """The engine of that name, imported when it is first called: a run without a sampler need not wait for BlackJAX."""
    room, name, _ = SAMPLERS[sampler]
    return getattr(import_module(f"gmm_ppl.inference.{room}"), name)(*args, **options)


def _bootstrap(*args: Any, **options: Any) -> "BootstrapFit":
    """`inference.errors.bootstrap.bootstrap`, imported when it is asked for."""
    from gmm_ppl.inference.errors.bootstrap import bootstrap

    return bootstrap(*args, **options)

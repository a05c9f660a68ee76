"""One row a scalar parameter: its EM point, its posterior and how well that was sampled, in one list that tables share."""

from collections.abc import Iterator
from dataclasses import dataclass

import arviz as az
import numpy as np
import xarray as xr

from gmm_ppl.report.reading import family_of, has

_NAN = float("nan")


@dataclass(frozen=True)
class ParameterRow:
    """A scalar parameter. Posterior fields are NaN where nothing was drawn; `z` is (point − mean) / sd."""

    variable: str
    index: tuple[str, ...]
    point: float
    mean: float = _NAN
    sd: float = _NAN
    low: float = _NAN
    high: float = _NAN
    ess_bulk: float = _NAN
    ess_tail: float = _NAN
    r_hat: float = _NAN
    quantile: float = _NAN

    @property
    def label(self) -> str:
        """The name ArviZ gives it: `means[0, eruptions]`."""
        return f"{self.variable}[{', '.join(self.index)}]"

    @property
    def z(self) -> float:
        """Posterior standard deviations from the posterior mean to the EM point."""
        return (self.point - self.mean) / self.sd if self.sd > 0 else _NAN

    @property
    def varies(self) -> bool:
        """False for a parameter that is a constant of the model, such as the weight of a single component."""
        return bool(self.sd > 0)


def parameter_rows(tree: xr.DataTree) -> tuple[ParameterRow, ...]:
    """Every scalar parameter of the fit, weights first; a symmetric matrix gives its upper triangle."""
    point = tree["em_fit"].dataset
    names = ["weights", "means", family_of(tree).site]
    summary = _summary(tree, names) if has(tree, "posterior") else {}
    return tuple(
        ParameterRow(
            name,
            index,
            value,
            **{key: float(table[name].transpose(*point[name].dims).values[place]) for key, table in summary.items()},
        )
        for name in names
        for place, index, value in _scalars(point[name])
    )


def _scalars(array: xr.DataArray) -> Iterator[tuple[tuple[int, ...], tuple[str, ...], float]]:
    for place in np.ndindex(array.shape):
        if "feature_bis" in array.dims and place[-1] < place[-2]:
            continue
        index = tuple(str(array[dim].values[at]) for dim, at in zip(array.dims, place, strict=True))
        yield place, index, float(array.values[place])


def _summary(tree: xr.DataTree, names: list[str]) -> dict[str, xr.Dataset]:
    """Named statistics over chains and draws, each a Dataset with the dimensions of the EM point."""
    posterior = tree["posterior"].dataset[names]
    over = ("chain", "draw")
    interval = posterior.quantile([0.055, 0.945], dim=over)
    point = tree["em_fit"].dataset[names]
    return {
        "mean": posterior.mean(over),
        "sd": posterior.std(over),
        "low": interval.isel(quantile=0),
        "high": interval.isel(quantile=1),
        "ess_bulk": az.ess(posterior, method="bulk"),
        "ess_tail": az.ess(posterior, method="tail"),
        "r_hat": az.rhat(posterior),
        "quantile": (posterior < point).mean(over),
    }

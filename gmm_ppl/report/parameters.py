"""One row a scalar parameter: its EM point, its posterior and how well that was sampled, in one list."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from gmm_ppl.report.reading import has
from gmm_ppl.results.agreement import agreement
from gmm_ppl.results.diagnostics import diagnostics
from gmm_ppl.results.labels import parameter_names
from gmm_ppl.results.scalars import scalars
from gmm_ppl.results.uncertainty import uncertainty

_NAN = float("nan")


@dataclass(frozen=True)
class ParameterRow:
    """A scalar parameter by the name ArviZ gives it, `means[0, eruptions]`.

    Posterior fields are NaN where nothing was drawn or nothing varies, `point` and what compares with it where the scalar
    is a site of a user's own program. `z` is (point − mean) / sd; standard errors are the point's (`results.uncertainty`).
    """

    label: str
    variable: str
    point: float = _NAN
    mean: float = _NAN
    sd: float = _NAN
    eti_low: float = _NAN
    eti_high: float = _NAN
    ess_bulk: float = _NAN
    ess_tail: float = _NAN
    r_hat: float = _NAN
    z: float = _NAN
    quantile: float = _NAN
    observed_se: float = _NAN
    sandwich_se: float = _NAN
    bootstrap_se: float = _NAN
    bootstrap_low: float = _NAN
    bootstrap_high: float = _NAN

    @property
    def varies(self) -> bool:
        """Whether it was drawn and is not a constant of the model, such as the weight of a single component."""
        return bool(self.sd > 0)

    @property
    def compared(self) -> bool:
        """Whether it has a point and a posterior to hold against each other."""
        return self.varies and not np.isnan(self.z)


def parameter_rows(tree: xr.DataTree) -> tuple[ParameterRow, ...]:
    """Every scalar parameter: weights, means, covariances (upper triangles), then a program's own sites."""
    tables = [scalars(tree["em_fit"].dataset, parameter_names(tree)).to_dataset(name="point")]
    if has(tree, "posterior"):
        tables += [agreement(tree), diagnostics(tree)]
    if has(tree, "em_uncertainty"):
        tables.append(uncertainty(tree))
    rows: dict[str, dict[str, float | str]] = {}
    for table in tables:
        for at, label in enumerate(table["parameter"].values):
            known = rows.setdefault(str(label), {"label": str(label), "variable": str(table["variable"].values[at])})
            known.update({str(name): float(array.values[at]) for name, array in table.data_vars.items()})
    return tuple(ParameterRow(**row) for row in rows.values())  # pyright: ignore[reportArgumentType]

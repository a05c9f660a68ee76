"""One row for each scalar parameter: what `summary.csv` holds."""

from functools import reduce
from typing import TYPE_CHECKING

import xarray as xr

from gmm_ppl.results.agreement import agreement
from gmm_ppl.results.diagnostics import diagnostics
from gmm_ppl.results.labels import parameter_names
from gmm_ppl.results.scalars import scalars

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("point", "mean", "sd", "eti_low", "eti_high", "ess_bulk", "ess_tail", "r_hat", "z", "quantile")


def summary(tree: xr.DataTree) -> "pd.DataFrame":
    """The EM point and the posterior of every scalar parameter, labelled like `means[0, eruptions]`.

    Columns: `point` (EM); `mean`, `sd`, `eti_low`, `eti_high` (89 % equal-tailed interval), `ess_bulk`, `ess_tail`, `r_hat`
    of the draws; `z` and `quantile` of the point among them. Everything but the last five is in the parameter's own units.
    What was not run, or does not vary, is NaN. A program's own sites come last, without a point.
    """
    found = [scalars(tree["em_fit"].dataset, parameter_names(tree)).to_dataset(name="point")]
    if "posterior" in tree.children:
        found += [agreement(tree), diagnostics(tree)]
    order = list(dict.fromkeys(str(each) for dataset in found for each in dataset["parameter"].values))
    rows = [dataset.reset_coords(drop=True).reindex(parameter=order) for dataset in found]
    return reduce(xr.Dataset.combine_first, rows).to_dataframe().reindex(columns=COLUMNS)

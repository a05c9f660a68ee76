"""The data: `observed_data` and, beside it, what else was known of the rows."""

import numpy as np

from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.results.material import Groups, Material

TAKEN = frozenset({"chain", "draw", "sample", "pred_id", "obs", "feature", "feature_mean", "feature_scale"})
"""Names that a label column cannot have in the file: dimensions, ArviZ's reserved names, and our own variables."""


def observed_data_group(material: Material) -> Groups:
    """The rows themselves: x (obs, feature)."""
    return Groups({"observed_data": material.labelled({"x": (("obs", "feature"), material.table.values)})})


def constant_data_group(material: Material) -> Groups:
    """Each label column (obs), and mean and standard deviation (maximum likelihood) of each feature, in units of x."""
    scale = data_scale(material.table.values)
    labels = {variable_name(name): (("obs",), storable(cells)) for name, cells in material.table.labels.items()}
    measured = {"feature_mean": (("feature",), scale.centre), "feature_scale": (("feature",), scale.deviations)}
    return Groups({"constant_data": material.labelled({**labels, **measured})})


def variable_name(column: str) -> str:
    """A column's name as a variable: no slash, which netCDF reads as a path, and no name that means something else."""
    name = column.replace("/", "_")
    return f"{name}_label" if name in TAKEN else name


def storable(cells: np.ndarray) -> np.ndarray:
    """Cells in a type that netCDF knows: half precision becomes double."""
    return cells.astype(np.float64) if cells.dtype.kind == "f" else cells

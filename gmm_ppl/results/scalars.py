"""One column for each scalar parameter: `means[0, eruptions]`, with the duplicates of symmetric matrices dropped."""

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from gmm_ppl.results.labels import SAMPLE


def scalars(dataset: xr.Dataset, names: Sequence[str]) -> xr.DataArray:
    """The variables `names` as one array (…, parameter), sample dimensions leading where there are some.

    The coordinate `parameter` holds ArviZ's label of each scalar, `variable` the name of the variable that it is from. Of a
    matrix (dimensions `feature`, `feature_bis`) the upper triangle is kept.
    """
    parts = [columns(dataset[name]) for name in names]
    return xr.concat(parts, dim="parameter") if len(parts) > 1 else parts[0]


def columns(array: xr.DataArray) -> xr.DataArray:
    """One variable as an array (…, parameter)."""
    sample = [dim for dim in SAMPLE if dim in array.dims]
    further = [str(dim) for dim in array.dims if dim not in sample]
    places = list(kept_places(array, further))
    values = array.transpose(*sample, *further).values.reshape(*(array.sizes[dim] for dim in sample), -1)
    flat = [int(np.ravel_multi_index(place, [array.sizes[dim] for dim in further])) if further else 0 for place in places]
    labels = [label(array, further, place) for place in places]
    return xr.DataArray(
        values[..., flat],
        dims=(*sample, "parameter"),
        coords={"parameter": labels, "variable": ("parameter", [str(array.name)] * len(labels))},
    )


def kept_places(array: xr.DataArray, dims: Sequence[str]) -> Iterator[tuple[int, ...]]:
    """Index of every entry that is not the mirror image of an earlier one."""
    symmetric = "feature" in dims and "feature_bis" in dims
    for place in np.ndindex(*(array.sizes[dim] for dim in dims)):
        at = dict(zip(dims, place, strict=True))
        if not symmetric or at["feature"] <= at["feature_bis"]:
            yield place


def label(array: xr.DataArray, dims: Sequence[str], place: Sequence[int]) -> str:
    """`means[0, eruptions]`; the bare name of a variable without dimensions."""
    if not dims:
        return str(array.name)
    inside = ", ".join(str(array[dim].values[at]) for dim, at in zip(dims, place, strict=True))
    return f"{array.name}[{inside}]"

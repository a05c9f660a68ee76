"""Arrays with names: every dimension of every group gets a coordinate, in one place."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import FAMILIES, find_family
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.results.store import group_of_parameters

SAMPLE = ("chain", "draw")
Attributes = Mapping[str, int | float | str]
Variables = Mapping[str, tuple[Sequence[str], object]]


def labelled(
    variables: Variables, features: Sequence[str], *, attrs: Attributes | None = None, **coordinates: object
) -> xr.Dataset:
    """A dataset of (dimensions, array) pairs in which every dimension has a coordinate.

    `feature` and `feature_bis` take the features' names, those in `coordinates` what is given there, all others count
    from 0.
    """
    dataset = xr.Dataset(dict(variables), attrs=dict(attrs or {}))
    names = np.asarray(features, dtype=str)
    known = {"feature": names, "feature_bis": names, **coordinates}
    return dataset.assign_coords({dim: known.get(str(dim), np.arange(size)) for dim, size in dataset.sizes.items()})


def variables_of(parameters: MixtureParameters, *, sample: Sequence[str] = ()) -> dict[str, tuple[tuple[str, ...], object]]:
    """Weights, means and the family's covariance values as (dimensions, array) pairs, led by the `sample` dimensions."""
    family = parameters.shape.family
    dims = {"weights": ("component",), "means": ("component", "feature"), family.site: family.dims}
    return {name: ((*sample, *dims[name]), values) for name, values in parameters.sites.items()}


def parameters_of(dataset: xr.Dataset, covariance: str) -> MixtureParameters:
    """The mixture parameters that a group holds, as NumPy arrays with the sample dimensions leading.

    Args:
        dataset: a group with `weights`, `means` and the covariance variable of its family (`em_fit`, `posterior`,
            `prior`), its dimensions in any order.
        covariance: the family's name, which the tree has in `attrs["covariance"]`.

    Raises:
        InputError: an unknown family.
    """
    family = find_family(covariance)
    leading = tuple(dim for dim in dataset["means"].dims if dim not in ("component", "feature"))

    def read(name: str, dims: Sequence[str]) -> np.ndarray:
        return dataset[name].transpose(*leading, *dims).values

    return MixtureParameters(
        read("weights", ("component",)), read("means", ("component", "feature")), family(read(family.site, family.dims))
    )


def covariance_of(tree: xr.DataTree) -> str:
    """The covariance family that a tree names or, made elsewhere, that its variables are those of.

    Raises:
        InputError: there are no covariances that a known family has.
    """
    if "covariance" in tree.attrs:
        return str(tree.attrs["covariance"])
    dataset = tree[group_of_parameters(tree)].dataset
    for name, family in FAMILIES.items():
        if family.site in dataset and set(dataset[family.site].dims) - set(SAMPLE) == set(family.dims):
            return name
    known = "; ".join(f"{family.site} ({', '.join(family.dims)})" for family in FAMILIES.values())
    raise InputError(f"the tree has no covariances with the dimensions of a known family, which are {known}.")


def dense_covariances(parameters: MixtureParameters) -> np.ndarray:
    """Covariance matrices (…, K, D, D) of parameters with at most one leading axis, in NumPy: JAX would have to compile."""
    if parameters.weights.ndim == 1:
        return np.asarray(parameters.covariances)
    shape, family = parameters.shape, type(parameters.covariance)
    values = parameters.covariance.values
    if family.dims[0] == "component":
        # Draws as so many more components: one at a time would be slow.
        every = family(values.reshape(-1, *values.shape[2:])).dense(values.shape[0] * shape.components, shape.features)
        return np.asarray(every).reshape(*values.shape[:2], shape.features, shape.features)
    return np.stack([family(each).dense(shape.components, shape.features) for each in values])


def parameter_names(tree: xr.DataTree) -> tuple[str, str, str]:
    """Names of the three variables that make a mixture: weights, means, and the covariance variable of the family."""
    return "weights", "means", find_family(covariance_of(tree)).site

"""Arrays with names: every dimension of every group gets a coordinate, in one place."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import FAMILIES, Part, find_family
from gmm_ppl.mixture.parameters import MEANS, WEIGHTS, MixtureParameters, from_sites
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
    """Weights, means and the parts of the family's covariances as (dimensions, array) pairs, led by the `sample` dimensions."""
    sites = parameters.sites
    return {part.name: ((*sample, *part.dims), sites[part.name]) for part in parameters.shape.parts}


def parameters_of(dataset: xr.Dataset, covariance: str) -> MixtureParameters:
    """The mixture parameters that a group holds, as NumPy arrays with the sample dimensions leading.

    Args:
        dataset: a group with `weights`, `means` and the parts of its family's covariances (`em_fit`, `posterior`, `prior`), its
            dimensions in any order.
        covariance: the family's name, which the tree has in `attrs["covariance"]`.

    Raises:
        InputError: an unknown family.
    """
    family = find_family(covariance)
    leading = tuple(dim for dim in dataset["means"].dims if dim not in MEANS.dims)
    parts = (WEIGHTS, MEANS, *family.parts)
    return from_sites({part.name: dataset[part.name].transpose(*leading, *part.dims).values for part in parts}, family)


def covariance_of(tree: xr.DataTree) -> str:
    """The covariance family that a tree names or, made elsewhere, that its variables are all the parts of.

    Raises:
        InputError: there are no covariances that a known family has.
    """
    if "covariance" in tree.attrs:
        return str(tree.attrs["covariance"])
    dataset = tree[group_of_parameters(tree)].dataset
    there = {str(name): set(array.dims) - set(SAMPLE) for name, array in dataset.data_vars.items()}
    fitting = [family for family in FAMILIES.values() if all(there.get(part.name) == set(part.dims) for part in family.parts)]
    if not fitting:
        known = "; ".join(" and ".join(map(in_words, family.parts)) for family in FAMILIES.values())
        raise InputError(f"the tree has no covariances with the dimensions of a known family, which are {known}.")
    # A family's parts may be some of another's.
    return max(fitting, key=lambda family: len(family.parts)).name


def parameter_names(tree: xr.DataTree) -> tuple[str, ...]:
    """Names of the variables that make a mixture: weights, means, and the parts of the family's covariances."""
    return (WEIGHTS.name, MEANS.name, *(part.name for part in find_family(covariance_of(tree)).parts))


def in_words(part: Part) -> str:
    """`variances (component, feature)`."""
    return f"{part.name} ({', '.join(part.dims)})"

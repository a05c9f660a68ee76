"""Trees in files: netCDF that ArviZ opens, old (0.23, as InferenceData) and new (1.x, as DataTree), without this library."""

import os
from pathlib import Path

import xarray as xr

from gmm_ppl.errors import InputError
from gmm_ppl.files import replaced

ENGINE = "h5netcdf"
RESULTS = "results.nc"
"""The tree's file in a run directory."""
WORTH_COMPRESSING = 1000
"""Numbers below which a compressed variable takes no less room."""


def save(tree: xr.DataTree, path: str | os.PathLike[str]) -> None:
    """Write a tree as one netCDF file, replacing what was there only once it is whole.

    Everything is kept in double precision, compressed without loss, so that `load` gives back the same tree.
    """
    with replaced(Path(path)) as partial:
        tree.to_netcdf(partial, engine=ENGINE, encoding=encoding(tree))


def load(path: str | os.PathLike[str]) -> xr.DataTree:
    """Read a tree into memory and close the file.

    Args:
        path: a run directory such as `reports/faithful`, or a netCDF file.

    Raises:
        InputError: no such file, no netCDF file, or one that holds neither an EM fit nor a posterior.
    """
    path = Path(path) / RESULTS if Path(path).is_dir() else path
    if not Path(path).is_file():
        raise InputError(f"{path}: there is no such file; expected the results.nc of a run.")
    try:
        with xr.open_datatree(path, engine=ENGINE) as opened:
            tree = opened.load()
    except OSError as error:
        raise InputError(f"{path} cannot be read as netCDF ({error}); expected the results.nc of a run.") from error
    check_holds_mixture(tree, str(path))
    return tree


def check_holds_mixture(tree: xr.DataTree, name: str) -> None:
    """Refuse a tree without parameters of a mixture.

    Raises:
        InputError: it holds neither an EM fit nor a posterior, or one without weights and means.
    """
    if not {"em_fit", "posterior"} & set(tree.children):
        groups = ", ".join(tree.children) or "none"
        raise InputError(f"{name} has neither an em_fit nor a posterior group, only: {groups}. Expected the results.nc of a run.")
    group = group_of_parameters(tree)
    missing = [variable for variable in ("weights", "means") if variable not in tree[group].dataset]
    if missing:
        raise InputError(f"{name}: its {group} has no {' and no '.join(missing)}, so it is not that of a mixture.")


def group_of_parameters(tree: xr.DataTree) -> str:
    """`em_fit` where there is one, and else `posterior`: where the parameters of a tree, made here or elsewhere, are found."""
    return "em_fit" if "em_fit" in tree.children else "posterior"


def encoding(tree: xr.DataTree) -> dict[str, dict[str, dict[str, object]]]:
    """Compression for every array of numbers that is large enough to gain by it."""
    packed = {"zlib": True, "complevel": 4, "shuffle": True}
    return {
        node.path: {
            str(name): packed
            for name, array in node.data_vars.items()
            if array.size >= WORTH_COMPRESSING and array.dtype.kind in "fiu"
        }
        for node in tree.subtree
        if node.data_vars
    }

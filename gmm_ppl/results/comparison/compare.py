"""`compare`: several results as one."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from gmm_ppl.errors import InputError
from gmm_ppl.results.comparison.matching import match
from gmm_ppl.results.comparison.moments import centre_of, draws_if_any, point_if_any, scalars_of
from gmm_ppl.results.comparison.names import name_of, numbered
from gmm_ppl.results.comparison.scores import NUMBERS, paired, row_of, same_rows
from gmm_ppl.results.diagnostics import ETI
from gmm_ppl.results.gaussians import Gaussians
from gmm_ppl.results.labels import covariance_of
from gmm_ppl.results.store import check_holds_mixture, group_of_parameters, load

if TYPE_CHECKING:
    import pandas as pd

VARIABLES = ("point", "mean", "sd", "eti_low", "eti_high", "z")

Result = xr.DataTree | str | os.PathLike[str]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Several results side by side.

    Attributes:
        runs: a variable over `run` for each column: the model in words (`covariance`, `prior`, `engine`, `status`), its
            criteria (`bic`, `elpd_loo`, …; nats), `elpd_diff` and its standard error against the best, `stacking_weight`,
            the worst diagnostics, and seconds.
        parameters: `point` (EM), `mean`, `sd`, `eti_low`, `eti_high` (89 % equal-tailed) and `z` = (point − mean) / sd over
            (run, parameter), in the parameter's own units; components have the numbers of the first result. NaN where a
            result has no such component, or no point, or no draws.
        matching: over (run, component): `own`, the number that the component has in its own result (−1 for none), and
            `distance`, Hellinger's, from the first component of that number.
        same_rows: whether all are of the very same rows, without which criteria cannot be compared.
        notes: what a reader has to know, in sentences.
    """

    runs: xr.Dataset
    parameters: xr.Dataset
    matching: xr.Dataset
    same_rows: bool
    notes: tuple[str, ...]

    @property
    def table(self) -> "pd.DataFrame":
        """A row for each result, columns that are empty for all left out."""
        return self.runs.to_dataframe().replace("", None).dropna(axis="columns", how="all")

    def to_datatree(self) -> xr.DataTree:
        """Groups `runs`, `parameters` and `matching`, for files."""
        return xr.DataTree.from_dict({"/runs": self.runs, "/parameters": self.parameters, "/matching": self.matching})

    def _repr_html_(self) -> str:
        return self.table.to_html(float_format=lambda value: f"{value:.5g}")


def compare(results: Mapping[str, Result] | Sequence[Result]) -> Comparison:
    """Results side by side: parameters with components matched, criteria, EM against posterior, timings.

    Components are matched to those of the first result by the least sum of Hellinger distances (`matching` holds them).
    Standard deviations and correlations stand for covariances, so that families can be compared. Criteria are set
    against each other only where all results are of the same rows.

    Args:
        results: trees, files, or run directories, made here or elsewhere in the same schema; by name, or in a sequence, where
            a path gives the name of its directory, and a tree that in its attributes.

    Raises:
        InputError: fewer than two results, one that cannot be read, or results of different features.
    """
    trees = named(results)
    features = same_features(trees)
    points = [point_if_any(tree) for tree in trees.values()]
    draws = [draws_if_any(tree) for tree in trees.values()]
    numbers, distances = match([centre_of(*each) for each in zip(points, draws, strict=True)])
    same = same_rows(trees)
    return Comparison(
        runs_of(trees, same_rows=same),
        parameters_of_all(tuple(trees), features, points, draws, numbers),
        matching_of(tuple(trees), numbers, distances),
        same,
        tuple(notes_of(trees, same_rows=same)),
    )


def named(results: Mapping[str, Result] | Sequence[Result]) -> dict[str, xr.DataTree]:
    """Trees by name; names that occur twice are numbered.

    Raises:
        InputError: fewer than two, or one that cannot be read.
    """
    if isinstance(results, str | os.PathLike | xr.DataTree):
        raise InputError("compare needs two results or more, in a list or by name; given one.")
    given = list(results.items()) if isinstance(results, Mapping) else [(_name(each), each) for each in results]
    if len(given) < 2:
        raise InputError(f"compare needs two results or more; given {len(given)}.")
    names = numbered(str(name) for name, _ in given)
    return {name: _tree(name, each) for name, (_, each) in zip(names, given, strict=True)}


def same_features(trees: Mapping[str, xr.DataTree]) -> tuple[str, ...]:
    """The features that all results have, in one order.

    Raises:
        InputError: results of different features.
    """
    every = {name: tuple(_parameters(tree)["feature"].values.astype(str).tolist()) for name, tree in trees.items()}
    first, features = next(iter(every.items()))
    for name, other in every.items():
        if other != features:
            raise InputError(
                f"compare needs results of the same features in the same order; {first} has {', '.join(features)}, "
                f"{name} has {', '.join(other)}. Fit them with the same `data.columns`."
            )
    return features


def runs_of(trees: Mapping[str, xr.DataTree], *, same_rows: bool) -> xr.Dataset:
    """`Comparison.runs`."""
    rows = {name: row_of(tree, covariance_of(tree)) for name, tree in trees.items()}
    if same_rows:
        for name, found in paired(trees).items():
            rows[name] |= found
    columns = {
        column: ("run", np.array([row[column] for row in rows.values()], dtype=float if column in NUMBERS else str))
        for column in next(iter(rows.values()))
    }
    return xr.Dataset(columns, coords={"run": list(rows)})


def parameters_of_all(
    names: tuple[str, ...],
    features: tuple[str, ...],
    points: list[Gaussians | None],
    draws: list[Gaussians | None],
    numbers: list[np.ndarray],
) -> xr.Dataset:
    """`Comparison.parameters`."""
    most = 1 + max(int(each.max()) for each in numbers)
    labels = list(scalars_of(_blank(most, len(features)), np.arange(most), features))
    found = xr.Dataset(
        {name: (("run", "parameter"), np.full((len(names), len(labels)), np.nan)) for name in VARIABLES},
        coords={"run": list(names), "parameter": labels},
    )
    place = {label: at for at, label in enumerate(labels)}
    for run, (point, drawn, order) in enumerate(zip(points, draws, numbers, strict=True)):
        for label, values in scalars_of(point, order, features).items() if point else ():
            found["point"].values[run, place[label]] = values
        for label, values in scalars_of(drawn, order, features).items() if drawn else ():
            _summarise(found, run, place[label], values)
    found["z"] = (found["point"] - found["mean"]) / found["sd"].where(found["sd"] > 0)
    return found


def matching_of(names: tuple[str, ...], numbers: list[np.ndarray], distances: list[np.ndarray]) -> xr.Dataset:
    """`Comparison.matching`."""
    most = 1 + max(int(each.max()) for each in numbers)
    own, far = np.full((len(names), most), -1), np.full((len(names), most), np.nan)
    for run, (order, distance) in enumerate(zip(numbers, distances, strict=True)):
        own[run, order] = np.arange(order.size)
        far[run, order] = distance
    dims = ("run", "component")
    return xr.Dataset({"own": (dims, own), "distance": (dims, far)}, coords={"run": list(names), "component": np.arange(most)})


def notes_of(trees: Mapping[str, xr.DataTree], *, same_rows: bool) -> list[str]:
    """What cannot be read off the numbers."""
    notes = []
    if not same_rows:
        unseen = [name for name, tree in trees.items() if "observed_data" not in tree.children]
        why = f"The rows of {', '.join(unseen)} are not known" if unseen else "The results are not all of the same rows"
        notes.append(f"{why}: their criteria are not comparable, and no differences are given.")
    unscored = [name for name, tree in trees.items() if "loo" not in tree.children]
    if unscored and len(unscored) < len(trees):
        notes.append(f"Without leave-one-out score: {', '.join(unscored)}.")
    return notes


def _parameters(tree: xr.DataTree) -> xr.Dataset:
    return tree[group_of_parameters(tree)].dataset


def _summarise(found: xr.Dataset, run: int, at: int, values: np.ndarray) -> None:
    tail = (1 - ETI) / 2
    numbers = (values.mean(), values.std(ddof=1) if values.size > 1 else np.nan, *np.quantile(values, (tail, 1 - tail)))
    for name, number in zip(("mean", "sd", "eti_low", "eti_high"), numbers, strict=True):
        found[name].values[run, at] = number


def _blank(components: int, features: int) -> Gaussians:
    return Gaussians(np.ones(components), np.zeros((components, features)), np.stack([np.eye(features)] * components))


def _name(result: object) -> str:
    if isinstance(result, str | os.PathLike):
        return name_of(result)
    return str(result.attrs.get("name", "result")) if isinstance(result, xr.DataTree) else "result"


def _tree(name: str, result: object) -> xr.DataTree:
    if isinstance(result, str | os.PathLike):
        return load(result)
    if not isinstance(result, xr.DataTree):
        raise InputError(
            f"compare: {name} is of type {type(result).__name__}; give a tree (to_datatree makes one of a fit), a file or a run "
            "directory."
        )
    check_holds_mixture(result, name)
    return result

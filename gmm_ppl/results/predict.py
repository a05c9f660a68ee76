"""New rows under a fitted mixture: how dense it is there, and which component they belong to."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from gmm_ppl.data.rows import new_rows
from gmm_ppl.errors import InputError
from gmm_ppl.inference.base import DrawsFit, PointFit
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.records import map_arrays
from gmm_ppl.results.evaluate import batch_of, density_and_memberships
from gmm_ppl.results.labels import covariance_of, labelled, parameters_of
from gmm_ppl.results.rows import sampled_rows
from gmm_ppl.types import in_float64

Found = MixtureParameters | PointFit | DrawsFit | xr.DataTree


@dataclass(frozen=True, eq=False)
class Draws:
    """Parameters with one leading axis, of length one for a point, and the names of the features where they are known."""

    parameters: MixtureParameters
    features: tuple[str, ...] | None = None


def predict(found: Found, data: object) -> xr.Dataset:
    """Responsibilities, assignment and log density of new rows.

    From posterior draws (a `DrawsFit`, or a tree with a posterior) these are predictive: the density is its mean over draws,
    and γ_k(x) = E[π_k N(x | μ_k, Σ_k)] / E[P(x)], in which a draw counts by how well it foresaw the row. That is the
    probability of component k given the fitted rows and this new one; for rows that were fitted themselves, look at the tree's
    `assignments`, which does not count them twice.

    Args:
        found: parameters, an EM fit, draws (relabelled here), or a tree.
        data: rows in any form that `as_table` takes, a single one too; columns with names are found by those of a tree.

    Returns:
        `responsibilities` (obs, component), `assignment` (obs), the most probable component, and `log_density` (obs), nats.

    Raises:
        InputError: rows that cannot be read, or have other features than the fit.
    """
    draws = draws_of(found)
    features = draws.parameters.means.shape[-1]
    x = new_rows(data, draws.features, features)
    density, memberships = averaged(draws.parameters, x)
    variables = {
        "responsibilities": (("obs", "component"), memberships),
        "assignment": (("obs",), memberships.argmax(axis=1)),
        "log_density": (("obs",), density),
    }
    return labelled(variables, draws.features or ())


def responsibilities(found: Found, data: object) -> np.ndarray:
    """Probability of each component for each new row, (N, K); see `predict`."""
    return predict(found, data)["responsibilities"].values


def assign(found: Found, data: object) -> np.ndarray:
    """The most probable component of each new row, (N,) of 0 … K − 1; see `predict`."""
    return predict(found, data)["assignment"].values


def log_density(found: Found, data: object) -> np.ndarray:
    """Log density of each new row in nats, (N,); see `predict`."""
    return predict(found, data)["log_density"].values


def draws_of(found: Found) -> Draws:
    """The parameters to predict from."""
    if isinstance(found, MixtureParameters):
        return Draws(map_arrays(lambda leaf: np.asarray(leaf)[None], found))
    if isinstance(found, PointFit):
        return draws_of(found.parameters)
    if isinstance(found, DrawsFit):
        return Draws(flattened(settled(found)))
    if isinstance(found, xr.DataTree):
        return draws_of_tree(found)
    raise InputError(f"predict needs parameters, a fit or a tree; given {type(found).__name__}.")


def settled(draws: DrawsFit) -> MixtureParameters:
    """Draws relabelled on rows from their own EM fit, since their data are not at hand."""
    from gmm_ppl.results.relabel import relabel
    from gmm_ppl.results.relabelling.agreement import MOST_ROWS

    rows, _ = sampled_rows(draws_of(draws.start).parameters, MOST_ROWS, seed=0)
    return relabel(draws, rows).parameters


def draws_of_tree(tree: xr.DataTree) -> Draws:
    """The posterior of a tree, or its EM point where nothing was drawn."""
    drawn = "posterior" in tree.children
    dataset = tree["posterior" if drawn else "em_fit"].dataset
    parameters = parameters_of(dataset, covariance_of(tree))
    names = tuple(str(name) for name in dataset["feature"].values)
    return Draws(flattened(parameters) if drawn else draws_of(parameters).parameters, names)


def flattened(parameters: MixtureParameters) -> MixtureParameters:
    """Parameters with axes (chain, draw, …) with one leading axis."""
    return map_arrays(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), parameters)


def averaged(draws: MixtureParameters, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Predictive log density (N,) and responsibilities (N, K)."""
    if len(draws.weights) == 1:
        return density_and_memberships(map_arrays(lambda leaf: leaf[0], draws), x)
    # In blocks of almost equal length, so that few programs are compiled.
    blocks = np.array_split(x, -(-len(x) // batch_of(draws.means[0].size)))
    found = [average(draws, block) for block in blocks]
    return np.concatenate([density for density, _ in found]), np.concatenate([memberships for _, memberships in found])


@in_float64
def average(draws: MixtureParameters, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`averaged` for one block, under several draws."""
    from gmm_ppl.results.programs import averaged_over_draws

    return averaged_over_draws(draws, x)

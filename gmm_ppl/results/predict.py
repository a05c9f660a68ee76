"""New rows under a fitted mixture: how dense it is there, and which component they belong to."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from gmm_ppl.data.rows import new_rows
from gmm_ppl.errors import InputError
from gmm_ppl.inference.base import DrawsFit, PointFit
from gmm_ppl.mixture.density import density_and_responsibilities
from gmm_ppl.mixture.operations import sample_rows
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.model.assignments import flatten_draws
from gmm_ppl.results.evaluate import batch_of
from gmm_ppl.results.labels import covariance_of, labelled, parameters_of
from gmm_ppl.results.relabel import relabel
from gmm_ppl.results.relabelling.agreement import MOST_ROWS
from gmm_ppl.types import Array, in_float64

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
        return Draws(jax.tree.map(lambda leaf: np.asarray(leaf)[None], found))
    if isinstance(found, PointFit):
        return draws_of(found.parameters)
    if isinstance(found, DrawsFit):
        return Draws(flattened(relabel(found, typical_rows(found.start)).parameters))
    if isinstance(found, xr.DataTree):
        return draws_of_tree(found)
    raise InputError(f"predict needs parameters, a fit or a tree; given {type(found).__name__}.")


def draws_of_tree(tree: xr.DataTree) -> Draws:
    """The posterior of a tree, or its EM point where nothing was drawn."""
    drawn = "posterior" in tree.children
    dataset = tree["posterior" if drawn else "em_fit"].dataset
    parameters = parameters_of(dataset, covariance_of(tree))
    names = tuple(str(name) for name in dataset["feature"].values)
    return Draws(flattened(parameters) if drawn else draws_of(parameters).parameters, names)


@in_float64
def flattened(parameters: MixtureParameters) -> MixtureParameters:
    """Parameters with axes (chain, draw, …) with one leading axis."""
    return flatten_draws(parameters)


@in_float64
def typical_rows(point: PointFit) -> np.ndarray:
    """Rows from the EM fit itself, on which draws are relabelled when their own data are not at hand."""
    return sample_rows(jax.random.key(0), jax.tree.map(jnp.asarray, point.parameters), MOST_ROWS)[0]


def averaged(draws: MixtureParameters, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Predictive log density (N,) and responsibilities (N, K), in blocks of rows of almost equal length."""
    blocks = np.array_split(x, -(-len(x) // batch_of(draws.means[0].size)))
    found = [average(draws, block) for block in blocks]
    return np.concatenate([density for density, _ in found]), np.concatenate([memberships for _, memberships in found])


@in_float64
def average(draws: MixtureParameters, x: np.ndarray) -> tuple[Array, Array]:
    """`averaged` for one block."""
    return running_average(jax.tree.map(jnp.asarray, draws), jnp.asarray(x))


@eqx.filter_jit
def running_average(draws: MixtureParameters, x: Array) -> tuple[Array, Array]:
    """Log mean density over draws, and responsibilities averaged with weights proportional to the density."""

    def add(carry: tuple[Array, Array], parameters: MixtureParameters) -> tuple[tuple[Array, Array], None]:
        total, mean = carry
        density, memberships = density_and_responsibilities(x, parameters)
        total = jnp.logaddexp(total, density)
        return (total, mean + jnp.exp(density - total)[:, None] * (memberships - mean)), None

    first = (jnp.full(x.shape[0], -jnp.inf, x.dtype), jnp.zeros((x.shape[0], draws.weights.shape[-1]), x.dtype))
    (total, mean), _ = jax.lax.scan(add, first, draws)
    return total - jnp.log(draws.weights.shape[0]), mean

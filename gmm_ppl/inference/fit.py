"""`fit`: from a mixture and data to the best of several EM runs."""

from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl.compiled import compiled, make_room, one_blas_thread
from gmm_ppl.data.tables import as_table, check_enough_rows
from gmm_ppl.data.weights import checked_row_weights
from gmm_ppl.errors import InputError
from gmm_ppl.inference.accelerate import AcceleratedPoint, accelerated, em_points
from gmm_ppl.inference.arguments import check_between, check_count
from gmm_ppl.inference.base import PointFit
from gmm_ppl.inference.em import EMPoint, em
from gmm_ppl.inference.loop import Progression, for_lanes, run
from gmm_ppl.inference.restarts import announced, best_fit
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.rows import rows
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.model.specification import Mixture, as_jax, resolved_prior
from gmm_ppl.progress import Progress, watched
from gmm_ppl.starts import starting_parameters
from gmm_ppl.types import in_float64, to_numpy


@in_float64
def fit(
    mixture: Mixture,
    data: object,
    *,
    seed: int = 0,
    starts: int = 20,
    start: object = "kmeans",
    tolerance: float = 1e-10,
    max_steps: int = 1000,
    acceleration: str | None = "quasi_newton",
    precision: str = "double",
    row_weights: object = None,
    progress: Progress | None = None,
) -> PointFit:
    """The maximum-a-posteriori point of a mixture (maximum likelihood under `prior="flat"`), by EM from several starts.

    MAP is the mode of the density of weights, means and covariance matrices with respect to Lebesgue measure on those, as in
    mclust; other coordinates have other modes.

    Args:
        mixture: the specification.
        data: rows (N, D): an array, a data frame, a path, a `Table`.
        seed: of the random starts.
        starts: how many; the best is kept.
        start: kmeans, random, or one given start (`starts.given.given_start`), which then is the only one.
        tolerance: stop when what EM would still gain is below this, in nats a row.
        max_steps: EM steps a start at most, each one pass over the data.
        acceleration: quasi_newton takes fewer steps, many times fewer where components overlap; None is plain EM.
        precision: double, or single: what is done for each row in 32 bits, sums and parameters in 64. A step takes about half
            the time and memory, and log densities keep about 6 digits: enough for a look at large data.
        row_weights: w (N,), finite and from 0: row i counts w_i times in the objective, Σ_i w_i log P(x_i) + log prior, in the
            numbers of a prior that is scaled to the data, and in the starts. Whole numbers are rows that are repeated, and 0
            leaves a row out. What is later computed from the fit and data (trees, standard errors) counts rows once, and refuses
            such a fit.
        progress: called as it goes on; by default bars are shown on a terminal. `gmm_ppl.progress.silent` shows nothing.

    Raises:
        InputError: data, hyperparameters or arguments that cannot be used.
        FitError: no start gave finite parameters.

    Warns:
        FitWarning: the best start did not converge (`status` says how it ended), or a component was left without rows.
    """
    check_arguments(starts, tolerance, max_steps)
    table = as_table(data)
    check_enough_rows(table, mixture.components)
    weights = None if row_weights is None else checked_row_weights(row_weights, len(table), mixture.components)
    scale = data_scale(table.values, weights)
    resolved = mixture.resolve(scale)
    check_mode(resolved)
    held = rows(table.values, weights, single=is_single(precision))
    target = Posterior(held, as_jax(resolved_prior(resolved)), resolved.shape(held.columns.shape[0]))
    method = accelerated(em(target, jnp.asarray(scale.deviations)), acceleration)
    parameters = starting_parameters(target, start=start, starts=starts, seed=seed)
    states = climb(method, parameters, tolerance=tolerance, max_steps=max_steps, progress=progress)
    return announced(replace(best_fit(resolved, states), row_weights=weights))


def check_arguments(starts: int, tolerance: float, max_steps: int) -> None:
    """Refuse counts below one and a tolerance that is not a positive number."""
    check_count("starts", starts)
    check_count("max_steps", max_steps)
    check_between("tolerance", tolerance, 0, np.inf)


def is_single(precision: str) -> bool:
    """Whether rows are to be held in single precision; InputError for anything but its name and `double`."""
    if precision not in ("double", "single"):
        raise InputError(f"precision: choose double or single; given {precision!r}.")
    return precision == "single"


def check_mode(mixture: Mixture) -> None:
    """Refuse a prior whose density is infinite where a weight is zero."""
    if not resolved_prior(mixture).bounded():
        raise InputError(
            "prior: a concentration below 1 puts infinite density where a weight is 0, so there is no mode for EM to find. Use "
            "at least 1 for EM."
        )


def climb(
    method: Any, parameters: MixtureParameters, *, own: Any = None, tolerance: float, max_steps: int, progress: Progress | None
) -> Progression[EMPoint]:
    """Every start to its end; `own` as in `loop.run`."""
    make_room()
    own = jax.tree.map(lambda _: None, method) if own is None else own
    with watched(progress) as watching, one_blas_thread():
        first = first_points(method, own, parameters)
        states = run(method, first, own=own, tolerance=tolerance, max_steps=max_steps, progress=watching, stage="EM")
    return to_numpy(eqx.tree_at(lambda each: each.point, states, em_points(states.point)))


@compiled
def first_points(shared: Any, own: Any, parameters: MixtureParameters) -> EMPoint | AcceleratedPoint:
    """The first point of every start."""
    return for_lanes(lambda method, each: method.start(each), shared, own, parameters)

"""`fit`: from a mixture and data to the best of several EM runs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.inference.arguments import check_between, check_count, check_seed
from gmm_ppl.inference.base import PointFit
from gmm_ppl.inference.em.engine import Engine
from gmm_ppl.inference.em.restarts import announced, best_fit
from gmm_ppl.inference.em.search import search
from gmm_ppl.inference.prepared import Prepared, check_mode, prepare
from gmm_ppl.model.specification import Mixture
from gmm_ppl.progress import Progress, watched


def fit(
    mixture: Mixture,
    data: object,
    *,
    seed: int = 0,
    starts: int = 20,
    start: object = "several",
    tolerance: float = 1e-10,
    max_steps: int = 1000,
    acceleration: str | None = "quasi_newton",
    precision: str = "double",
    data_pass: str | None = None,
    row_weights: object = None,
    progress: Progress | None = None,
) -> PointFit:
    """The maximum-a-posteriori point of a mixture (maximum likelihood under `prior="flat"`), by EM from several starts.

    MAP is the mode of the density of weights, means and covariance matrices with respect to Lebesgue measure on those, as in
    mclust; other coordinates have other modes. Components are in the order of their first feature's mean.

    Args:
        mixture: the specification.
        data: rows (N, D): an array, a data frame, a path, a `Table`.
        seed: of the random starts.
        starts: how many are followed to their ends; the highest is kept. Where the density has no maximum (flat, separated
            and programs), a spike on a few rows comes after all other optima (`em.spurious`); scikit-learn and mclust keep it.
        start: where they begin (`starts.STARTS`): "several", the default, takes kinds in turn and, from 20 starts on, follows the
            best distinct ones of ten times as many short runs, and tries to split and merge components of the best three optima
            (`search`). Or one kind's name, or one given start (`starts.given.given_start`), which then is the only one.
        tolerance: stop when what EM would still gain is below this, in nats a row.
        max_steps: EM steps a start at most, each one pass over the data.
        acceleration: quasi_newton takes fewer steps, many times fewer where components overlap; None is plain EM.
        precision: double, or single: what is done for each row in 32 bits, sums and parameters in 64. A step takes about half
            the time and memory, and log densities keep about 6 digits: enough for a look at large data.
        data_pass: where the sums over rows run, "numpy" or "jax" (compiled); by default the one that should be done first
            (`mixture.passes`).
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
    check_arguments(starts, tolerance, max_steps, seed)
    prepared = prepare(mixture, data, row_weights)
    how = {"tolerance": tolerance, "max_steps": max_steps, "acceleration": acceleration}
    options = how | {"data_pass": data_pass, "single": is_single(precision)}
    return announced(fit_prepared(prepared, start=start, starts=starts, seed=seed, options=options, progress=progress))


def fit_prepared(
    prepared: Prepared, *, start: object, starts: int, seed: int, options: Mapping[str, Any], progress: Progress | None
) -> PointFit:
    """`fit` of rows that are known to be good, before any warning."""
    check_mode(prepared.mixture)
    engine = Engine.of(prepared, lanes=starts if isinstance(start, str) else 1, **options)
    with watched(progress) as watching:
        return best_fit(prepared, search(engine, start=start, starts=starts, seed=seed, progress=watching))


def check_arguments(starts: int, tolerance: float, max_steps: int, seed: int) -> None:
    """Refuse counts below one, a tolerance that is not a positive number, and a seed that is no whole number."""
    check_count("starts", starts)
    check_count("max_steps", max_steps)
    check_between("tolerance", tolerance, 0, np.inf)
    check_seed(seed)


def is_single(precision: str) -> bool:
    """Whether rows are to be held in single precision; InputError for anything but its name and `double`."""
    if precision not in ("double", "single"):
        raise InputError(f"precision: choose double or single; given {precision!r}.")
    return precision == "single"

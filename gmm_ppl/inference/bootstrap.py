"""`bootstrap`: how an EM point moves when rows are weighed anew, by EM from that point for all replicates in one program."""

import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl.compiled import compiled, make_room, mapped, one_blas_thread
from gmm_ppl.data.tables import Table, as_table, check_enough_rows
from gmm_ppl.errors import FitError, FitWarning, InputError
from gmm_ppl.inference.arguments import check_between, check_count
from gmm_ppl.inference.base import PointFit, Status, check_unweighted
from gmm_ppl.inference.coordinates import matching_sites
from gmm_ppl.inference.em import EM, EMPoint, em
from gmm_ppl.inference.fit import check_mode, fit
from gmm_ppl.inference.loop import RUNNING, STATUSES, Progression, run
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.mixture.statistics import no_statistics
from gmm_ppl.model.posterior import Posterior, posterior
from gmm_ppl.model.specification import Mixture
from gmm_ppl.progress import Progress, watched
from gmm_ppl.types import Array, Float, in_float64, to_numpy

TOLERANCE = 5e-5
"""Nats in all that EM may leave to be gained: √(2 · 5·10⁻⁵) = 1 % of a standard error from a replicate's mode."""

NUMBERS_A_BATCH = 2**23
"""Replicates × rows × components done in one batch: its row weights take at most 64 MB."""


@dataclass(frozen=True, eq=False)
class BootstrapFit:
    """The modes of B reweighted data sets, in EM's own labels: each was begun at `start`, and `results` settles them against it.

    `parameters`, `sites` and `objective` (nats, with the replicate's own weights) have a leading axis (B,); `status` says how
    each ended. Replicates that were interrupted before they ended are not there at all.
    """

    mixture: Mixture
    parameters: MixtureParameters
    sites: dict[str, np.ndarray]
    objective: np.ndarray
    status: tuple[Status, ...]
    start: PointFit
    seed: int
    seconds: float

    @property
    def usable(self) -> np.ndarray:
        """Which replicates have a mode, (B,): all but those that collapsed, whose numbers mean nothing."""
        return np.array([each.usable for each in self.status]) & np.isfinite(self.objective)

    @property
    def endings(self) -> dict[str, int]:
        """How many replicates ended with each status, by its name."""
        return dict(Counter(each.name for each in self.status))


@in_float64
def bootstrap(
    mixture: Mixture | PointFit,
    data: object,
    *,
    start: PointFit | None = None,
    replicates: int = 1000,
    seed: int = 0,
    tolerance: float = TOLERANCE,
    max_steps: int = 1000,
    progress: Progress | None = None,
) -> BootstrapFit:
    """The weighted-likelihood bootstrap (Newton & Raftery 1994, doi:10.1111/j.2517-6161.1994.tb01956.x).

    Each of B replicates weighs the N rows by w = N · Dirichlet(1, …, 1), so that Σ w = N, and climbs

        Σ_i w_i log P(x_i) + log prior

    from the EM point to the mode next to it. Their spread is that of the estimate under sampling of rows, whether or not the
    model is right: no Hessian, no normal law, and weights stay on the simplex and covariances positive. With the prior in it
    (as here), or flat for maximum likelihood, it is no posterior: the prior is not weighed, and modes vary as modes do.

    Args:
        mixture: the specification, or an EM fit, which stands for its mixture and the start.
        data: rows (N, D), in any form that `fit` takes.
        start: an EM fit to start from; by default one is made with the same seed.
        replicates: B.
        seed: of the weights; replicate b has the same ones whatever B is.
        tolerance: stop a replicate when what EM would still gain is below this, in nats in all (not a row): the default leaves
            1 % of a standard error.
        max_steps: EM steps a replicate at most.
        progress: called as it goes on; as in `fit`.

    Raises:
        InputError: data or arguments that cannot be used, or a start that does not fit.
        FitError: no replicate has a mode.

    Warns:
        FitWarning: some replicates collapsed, stopped at the step limit, or were interrupted. Ctrl-C keeps those that have ended.
    """
    check_count("replicates", replicates, 2)
    check_count("max_steps", max_steps)
    check_between("tolerance", tolerance, 0, np.inf)
    table = as_table(data)
    specification, point = begun(mixture, table, start, seed, progress)
    check_unweighted(point, "bootstrap")
    check_enough_rows(table, specification.components)
    target = posterior(specification, table)
    first = first_point(target, point)
    method, began = em(target, jnp.asarray(data_scale(table.values).deviations)), time.monotonic()
    how = {"tolerance": tolerance / len(table.values), "max_steps": max_steps}
    with watched(progress) as watching, one_blas_thread():
        make_room()
        states = joined(list(climbed(method, first, replicates, seed, watching, how)))
    return announced(collect(specification, states, point, seed, time.monotonic() - began), replicates)


def begun(
    mixture: Mixture | PointFit, table: Table, start: PointFit | None, seed: int, progress: Progress | None
) -> tuple[Mixture, PointFit]:
    """The mixture with all its numbers, and the EM fit to start from, made with `seed` where none is given."""
    if isinstance(mixture, PointFit):
        if start is not None:
            raise InputError(
                "start: the first argument is a fit, which is the start already; give a mixture, or leave start out."
            )
        mixture, start = mixture.mixture, mixture
    resolved = mixture.resolve(table.values)
    check_mode(resolved)
    return resolved, fit(resolved, table, seed=seed, progress=progress) if start is None else start


def first_point(target: Posterior, point: PointFit) -> EMPoint:
    """The EM fit as the loop's first point, to be evaluated under each replicate's weights.

    Raises:
        InputError: as `coordinates.matching_sites`.
    """
    sites = matching_sites(target, point)
    if len(target.rows.origin) != point.parameters.shape.features:
        raise InputError("start: the EM fit has another number of features than the data.")
    statistics = to_numpy(no_statistics(point.parameters.means, matrix=point.parameters.covariance.matrix))
    return EMPoint(sites, point.parameters, statistics, np.asarray(-np.inf), np.asarray(0.0))


def climbed(
    method: EM, first: EMPoint, replicates: int, seed: int, progress: Progress, how: dict[str, Any]
) -> Iterator[Progression[EMPoint]]:
    """All replicates, a batch after another, the same program for each; those of the last that nobody asked for are dropped.

    Ctrl-C ends it with what has ended, in the batch at hand too.
    """
    lanes, unweighted = lanes_a_batch(replicates, method.work()), eqx.tree_at(weights_of, method, None)
    points = jax.tree.map(lambda each: np.broadcast_to(each, (lanes, *np.shape(each))), first)
    for done in range(0, replicates, lanes):
        try:
            weights = row_weights(method.posterior.rows.weights, np.asarray(seed), np.arange(done, done + lanes))
            own = eqx.tree_at(weights_of, jax.tree.map(lambda _: None, method), weights, is_leaf=lambda each: each is None)
            states = run(unweighted, points, own=own, progress=counted(progress, done, replicates), stage="Bootstrap", **how)
        except KeyboardInterrupt:
            if done == 0:
                raise
            return
        states = to_numpy(jax.tree.map(lambda each, done=done: each[: replicates - done], states))
        yield states
        if np.any(states.status == RUNNING):
            return


def weights_of(method: EM) -> Array:
    """The row weights of a method, which each lane has of its own."""
    return method.posterior.rows.weights


def lanes_a_batch(replicates: int, work: int) -> int:
    """How many replicates are done in one run of the loop, of `work` numbers a step each."""
    return max(1, min(replicates, NUMBERS_A_BATCH // work))


@compiled
def row_weights(weights: Float[Array, " N"], seed: Array, numbers: Array) -> Float[Array, "B N"]:
    """Row weights times N · Dirichlet(1, …, 1), one draw for each of the replicates numbered `numbers`."""
    key = jax.random.key(seed)

    def one(number: Array) -> Array:
        drawn = jax.random.exponential(jax.random.fold_in(key, number), weights.shape) * weights
        return drawn * (jnp.sum(weights) / jnp.sum(drawn))

    return mapped(one, numbers, together=16)


def counted(progress: Progress, before: int, replicates: int) -> Progress:
    """Progress of one batch as part of all."""

    def report(stage: str, done: int, total: int, note: str = "") -> None:
        # A batch may hold more than are asked for; the best objective, which the note goes on with, compares other weights.
        del total
        progress(stage, min(before + done, replicates), replicates, note.split(",")[0])

    return report


def joined(batches: list[Progression[EMPoint]]) -> Progression[EMPoint]:
    """All batches, without replicates that had not ended."""
    states = jax.tree.map(lambda *each: np.concatenate(each), *batches)
    ended = states.status != RUNNING
    return jax.tree.map(lambda each: each[ended], states)


def collect(mixture: Mixture, states: Progression[EMPoint], point: PointFit, seed: int, seconds: float) -> BootstrapFit:
    """What the replicates came to."""
    reached = states.point
    status = tuple(STATUSES[code] for code in states.status.tolist())
    objective = np.asarray(reached.log_likelihood + reached.log_prior)
    return BootstrapFit(mixture, reached.parameters, reached.sites, objective, status, point, seed, seconds)


def announced(found: BootstrapFit, replicates: int) -> BootstrapFit:
    """The replicates, after an error or the warnings that they call for."""
    usable = found.usable
    if not found.status:
        # Interrupted before any had ended: there is nothing to keep.
        raise KeyboardInterrupt
    if not usable.any():
        raise FitError(f"bootstrap: none of {replicates} replicates has a mode. {found.status[0].value}")
    failed, unsettled = int((~usable).sum()), found.endings.get(Status.STEP_LIMIT.name, 0)
    cautions = {
        f"{failed} of {replicates} replicates have no mode, since a component collapsed, and are left out of errors, which so "
        "are too small: use a proper prior (prior: weak), or fewer components.": failed,
        f"{unsettled} of {replicates} replicates reached the step limit and count as they are: raise max_steps.": unsettled,
        f"interrupted: {len(found.status)} of {replicates} replicates had ended and are kept.": replicates - len(found.status),
    }
    for sentence in (each for each, count in cautions.items() if count):
        warnings.warn(f"Bootstrap: {sentence}", FitWarning, stacklevel=4)
    return found

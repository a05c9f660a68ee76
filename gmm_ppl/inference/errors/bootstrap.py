"""`bootstrap`: how an EM point moves when rows are weighed anew, by EM from that point for all replicates in one program."""

import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl.compiled import compiled, make_room, mapped, one_blas_thread
from gmm_ppl.errors import FitError, FitWarning, InputError
from gmm_ppl.inference.arguments import check_between, check_count, check_seed
from gmm_ppl.inference.base import PointFit, Status, check_unweighted
from gmm_ppl.inference.beginning import fitted
from gmm_ppl.inference.em.loop import STATUSES
from gmm_ppl.inference.em.pure_em import EMRun, answer, climbed, em_of
from gmm_ppl.inference.mode.coordinates import matching_sites
from gmm_ppl.inference.prepared import check_mode, prepare
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.model.posterior import Posterior, posterior_of
from gmm_ppl.model.specification import Mixture
from gmm_ppl.priors.base import AbstractDirectPrior, Sites
from gmm_ppl.progress import Progress, watched
from gmm_ppl.types import Array, Float, in_float64, to_numpy

TOLERANCE = 5e-5
"""Nats in all that EM may leave to be gained: √(2 · 5·10⁻⁵) = 1 % of a standard error from a replicate's mode."""

NUMBERS_A_BATCH = 2**20
"""Replicates × rows × components done in one batch, some tenths of a second: progress is shown and Ctrl-C heeded in between."""


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
    check_seed(seed)
    check_between("tolerance", tolerance, 0, np.inf)
    specification, start = given(mixture, start)
    prepared = prepare(specification, data)
    check_mode(prepared.mixture)
    point = fitted(prepared, seed=seed, progress=progress) if start is None else start
    check_unweighted(point, "bootstrap")
    target = posterior_of(prepared.mixture, prepared.rows)
    sites = jax.tree.map(jnp.asarray, matching_sites(target, point))
    began = time.monotonic()
    how = (jnp.asarray(prepared.scale.deviations), jnp.asarray(tolerance / len(prepared.x)), max_steps)
    with watched(progress) as watching, one_blas_thread():
        make_room()
        runs = list(batches(target, sites, replicates, seed, watching, how))
    return announced(collect(prepared.mixture, runs, point, seed, time.monotonic() - began), replicates)


def given(mixture: Mixture | PointFit, start: PointFit | None) -> tuple[Mixture, PointFit | None]:
    """The mixture and the start; a fit in the place of the mixture is both."""
    if not isinstance(mixture, PointFit):
        return mixture, start
    if start is not None:
        raise InputError("start: the first argument is a fit, which is the start already; give a mixture, or leave start out.")
    return mixture.mixture, mixture


def batches(
    target: Posterior, sites: Sites, replicates: int, seed: int, progress: Progress, how: tuple[Array, Array, int]
) -> Iterator[EMRun]:
    """All replicates, a batch after another, the same program for each; those of the last that nobody asked for are dropped.

    Ctrl-C ends it with the batches that are done.
    """
    size = lanes_a_batch(replicates, target.rows.weights.size * target.shape.components)
    for done in range(0, replicates, size):
        try:
            progress("Bootstrap", done, replicates, "")
            weights = row_weights(target.rows.weights, jnp.asarray(seed), jnp.arange(done, done + size))
            runs = to_numpy(jax.block_until_ready(climb_all(target, sites, weights, *how)))
        except KeyboardInterrupt:
            if done == 0:
                raise
            return
        yield jax.tree.map(lambda each, done=done: each[: replicates - done], runs)
    progress("Bootstrap", replicates, replicates, "")


@compiled
def climb_all(
    target: Posterior, sites: Sites, weights: Float[Array, "B N"], deviations: Array, tolerance: Array, max_steps: int
) -> EMRun:
    """Every replicate to its end, one after another."""

    def one(each: Float[Array, " N"]) -> EMRun:
        own = eqx.tree_at(lambda posterior: posterior.rows.weights, target, each)
        method = em_of(own, deviations)
        direct = isinstance(target.prior, AbstractDirectPrior)
        position = method.position(target.parameters(sites)) if direct else sites
        found = answer(method, *climbed(method, position, max_steps, tolerance))
        # A trace for each replicate would be the largest thing that is kept.
        return eqx.tree_at(lambda run: run.trace, found, found.trace[:1])

    return jax.lax.map(one, weights)


def lanes_a_batch(replicates: int, work: int) -> int:
    """How many replicates are done in one batch, of `work` numbers a step each; all batches are of one size, or nearly."""
    most = max(1, min(replicates, NUMBERS_A_BATCH // work))
    return -(-replicates // -(-replicates // most))


@compiled
def row_weights(weights: Float[Array, " N"], seed: Array, numbers: Array) -> Float[Array, "B N"]:
    """Row weights times N · Dirichlet(1, …, 1), one draw for each of the replicates numbered `numbers`."""
    key = jax.random.key(seed)

    def one(number: Array) -> Array:
        drawn = jax.random.exponential(jax.random.fold_in(key, number), weights.shape) * weights
        return drawn * (jnp.sum(weights) / jnp.sum(drawn))

    return mapped(one, numbers, together=16)


def collect(mixture: Mixture, runs: list[EMRun], point: PointFit, seed: int, seconds: float) -> BootstrapFit:
    """What the replicates came to."""
    every = jax.tree.map(lambda *each: np.concatenate(each), *runs)
    status = tuple(STATUSES[code] for code in every.status.tolist())
    return BootstrapFit(mixture, every.parameters, every.sites, np.asarray(every.objective), status, point, seed, seconds)


def announced(found: BootstrapFit, replicates: int) -> BootstrapFit:
    """The replicates, after an error or the warnings that they call for."""
    usable = found.usable
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

"""Which is at fault where ranks are not uniform: the engine, or the posterior that every engine draws from."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy import stats

from gmm_ppl.calibration.engines import ENGINES
from gmm_ppl.calibration.replication import Question, drawn_from, simulate
from gmm_ppl.calibration.run import Calibration, in_parallel, quietly
from gmm_ppl.calibration.uniformity import holm
from gmm_ppl.inference.mixing import effective
from gmm_ppl.progress import Progress, silent
from gmm_ppl.types import Float, in_float64

LOOKED_AT = 20
"""Replications that are drawn from a second time, by another engine: a minute of tempering for twenty rows."""

LEVEL = 0.05
"""Probability that engines which draw alike are said to differ anywhere."""


@dataclass(frozen=True)
class Fault:
    """Of the `looked_at` replications with the most extreme ranks, those in which `engine` and `reference` draw differently."""

    engine: str
    reference: str
    looked_at: int
    different: int

    @property
    def sentence(self) -> str:
        """What is at fault."""
        where = f"the {self.looked_at} replications with the most extreme ranks"
        if self.different:
            return (
                f"At fault is the engine, {self.engine}: in {self.different} of {where} its draws differ from those of "
                f"{self.reference} by more than Monte-Carlo error."
            )
        return (
            f"At fault is what engines share, the prior or the density of its posterior: in {where} {self.engine} and "
            f"{self.reference} draw alike."
        )


@in_float64
def fault(calibration: Calibration, flagged: tuple[str, ...], progress: Progress = silent) -> Fault:
    """Draws of the engine beside those of another, on the replications whose ranks of `flagged` quantities are most extreme.

    `temper` is the other, which has neither start nor moves in common with NUTS; for it NUTS is. Both begin anew from the rows,
    so that which replications were chosen says nothing for or against either.
    """
    reference = "nuts" if calibration.engine == "tempered" else "tempered"
    own = calibration.question
    others = replace(own, engine=ENGINES[reference], em={})
    chosen = most_extreme(calibration, flagged)
    p_values = []
    with quietly():
        for each in in_parallel(partial(compared, own, others), chosen.tolist()):
            p_values.append(each)
            progress("Second engine", len(p_values), len(chosen), reference)
    adjusted = holm(np.concatenate(p_values)).reshape(len(chosen), -1)
    return Fault(calibration.engine, reference, len(chosen), int((adjusted.min(axis=1) < LEVEL).sum()))


def most_extreme(calibration: Calibration, flagged: tuple[str, ...]) -> np.ndarray:
    """Numbers of replications, those with the ranks nearest to either end first."""
    found = calibration.found
    columns = [calibration.names.index(name) for name in flagged]
    ranks = found.ranks[:, columns]
    inner = np.minimum(ranks, calibration.draws - ranks).sum(axis=1)
    usable = np.flatnonzero(found.usable)
    return usable[np.argsort(inner[usable], kind="stable")][:LOOKED_AT]


def compared(own: Question, others: Question, number: int) -> Float[np.ndarray, " Q"]:
    """p-values of the difference of both engines' means in one replication, by quantity; 1 where the other has no draws."""
    simulated, truth, _ = simulate(own, number)
    one = drawn_from(own.engine, simulated, truth, own.draws)[1]
    other = drawn_from(others.engine, replace(simulated, em={}), truth, own.draws)[1]
    if not (one.size and other.size):
        return np.ones(max(one.shape[-1], other.shape[-1]))
    return differences(one, other)


def differences(one: Float[np.ndarray, "C M Q"], other: Float[np.ndarray, "B L Q"]) -> Float[np.ndarray, " Q"]:
    """Two-sided p-values of equal means, in normal scores of the pooled draws, which have moments where quantities have none.

    Draws count as many times as they are effective.
    """
    pooled = np.concatenate([each.reshape(-1, each.shape[-1]) for each in (one, other)])
    scores = stats.norm.ppf((stats.rankdata(pooled, axis=0) - 0.375) / (len(pooled) + 0.25))
    split = np.split(scores, [one.shape[0] * one.shape[1]])
    means, variances = zip(
        *(moments(each.reshape(like.shape)) for each, like in zip(split, (one, other), strict=True)), strict=True
    )
    error = np.sqrt(variances[0] + variances[1])
    distance = np.abs(means[0] - means[1])
    return 2 * stats.norm.sf(np.where(distance > 0, distance / np.where(error > 0, error, 1e-300), 0))


def moments(scores: Float[np.ndarray, "C M Q"]) -> tuple[np.ndarray, np.ndarray]:
    """Mean, and the square of its Monte-Carlo error."""
    return scores.mean(axis=(0, 1)), scores.var(axis=(0, 1)) / effective(scores, "mean")

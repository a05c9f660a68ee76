"""How long NUTS warms up: a short check of the step size where the curvature at the mode describes the posterior, else all."""

from dataclasses import dataclass

import numpy as np

from gmm_ppl.inference.base import PointFit
from gmm_ppl.inference.mode.climb import reached
from gmm_ppl.inference.mode.importance import smoothed
from gmm_ppl.inference.mode.newton import Mode
from gmm_ppl.inference.nuts.warmup import Sampler
from gmm_ppl.inference.status import Status
from gmm_ppl.types import Float

SHORT = 75
"""Transitions that settle a step size; an overdispersed start is forgotten in a few, in coordinates of unit scale."""

WINDOWED = 500
"""Transitions of Stan's windows, which measure the metric anew; half of Stan's own number, since they begin at a good one."""

LARGEST_PARETO_K = 0.7
"""Above it, importance weights have no usable mean (Vehtari et al. 2024, jmlr.org/papers/v25/19-556.html)."""

FEWEST_ROWS = 2.0
"""Rows that a component is expected to have for each number that it alone depends on, at the least."""

LOOKS = (400, 2000)
"""Draws from the normal law that are looked at, at least and at most. 400 are 2 % of what a thousand draws of four chains
evaluate; k̂ of 2000 is less noisy, where they cost nothing.
"""

NUMBERS_LOOKED_AT = 1e8
"""Rows × features × components × draws up to which more than the fewest are looked at."""


@dataclass(frozen=True)
class Adaptation:
    """The warm-up that was chosen: transitions a chain, whether the metric is measured in them too, and why.

    `pareto_k` is that of the normal law at the mode, NaN where it was not looked at; `doubtful`: whether something speaks against
    that law as a description of the posterior.
    """

    warmup: int
    windowed: bool
    reason: str
    pareto_k: float
    doubtful: bool


def adaptation(doubts: list[str], log_ratios: Float[np.ndarray, " S"]) -> Adaptation:
    """The warm-up by rule, from `doubts_before_looking` and, where there are none, log importance ratios of `looks` draws.

    The rule: 75 transitions that adapt the step size alone, if Newton's steps came to a mode, where every curvature is downwards,
    every component is expected to have two rows or more for each number that it alone depends on, and Pareto k̂ of importance
    weights of the normal law there is at most 0.7. Otherwise 500 that adapt step size and metric, in Stan's windows.
    """
    pareto_k = np.nan
    if not doubts:
        pareto_k = smoothed(log_ratios).pareto_k
        doubts = doubts_about_weights(pareto_k)
    if doubts:
        return Adaptation(WINDOWED, windowed=True, reason="; ".join(doubts), pareto_k=pareto_k, doubtful=True)
    reason = f"the normal approximation at the mode is close to the posterior (Pareto k̂ {pareto_k:.2f})"
    return Adaptation(SHORT, windowed=False, reason=reason, pareto_k=pareto_k, doubtful=False)


def asked_for(warmup: int, doubts: list[str]) -> Adaptation:
    """As many transitions as the caller wants."""
    return Adaptation(warmup, windowed=True, reason="as asked for", pareto_k=np.nan, doubtful=bool(doubts))


def doubts_before_looking(sampler: Sampler, mode: Mode, point: PointFit) -> list[str]:
    """What speaks against a short warm-up at once."""
    collapsed = ["EM collapsed"] if point.status is Status.ELSEWHERE else []
    return [*collapsed, *doubts_about_mode(mode), *doubts_about_components(sampler, point)]


def doubts_about_mode(mode: Mode) -> list[str]:
    """Whether there is a mode with a curvature."""
    if not reached(mode):
        return ["no mode was reached from the EM point"]
    return [] if float(mode.curvature.flattest) > 0 else ["the density does not curve downwards in every direction at the mode"]


def doubts_about_components(sampler: Sampler, point: PointFit) -> list[str]:
    """Whether every component has rows enough to settle its own numbers."""
    shape = sampler.posterior.shape
    own = shape.n_parameters / shape.components
    rows = float(np.sum(np.asarray(sampler.posterior.rows.weights))) * float(np.min(point.parameters.weights))
    if rows >= FEWEST_ROWS * own:
        return []
    return [f"the smallest component has {rows:.1f} rows for about {own:.0f} numbers of its own"]


def doubts_about_weights(pareto_k: float) -> list[str]:
    """Whether the posterior's tails are the normal law's."""
    # Written so that NaN is a doubt.
    if pareto_k <= LARGEST_PARETO_K:
        return []
    return [f"the normal approximation at the mode is no stand-in for the posterior (Pareto k̂ {pareto_k:.2f})"]


def looks(sampler: Sampler) -> int:
    """How many draws to look at."""
    numbers = sampler.posterior.rows.columns.size * sampler.posterior.shape.components
    return int(np.clip(NUMBERS_LOOKED_AT / numbers, *LOOKS))

"""The checks that the verdict is made of: one function each and one registry line."""

from collections.abc import Callable

from gmm_ppl.report.checks import engine, point, posterior, prior, score
from gmm_ppl.report.checks.base import (
    Check,
    Extreme,
    Measurements,
    ModesMeasurements,
    Part,
    PointMeasurements,
    PosteriorMeasurements,
)

CHECKS: tuple[Callable[[Measurements], Check | None], ...] = (
    point.status,
    point.optimum,
    engine.higher,
    point.counts,
    point.cautions,
    engine.interrupted,
    engine.approximation,
    engine.evidence,
    engine.modes,
    engine.probe,
    posterior.r_hat,
    posterior.ess_bulk,
    posterior.ess_tail,
    posterior.divergences,
    posterior.tree_depth,
    posterior.energy,
    posterior.agreement,
    prior.prior,
    posterior.labels,
    score.pareto_k,
)


def run_checks(found: Measurements) -> tuple[Check, ...]:
    """Every check that has something to read, in the registry's order."""
    return tuple(check for check in (run(found) for run in CHECKS) if check is not None)


__all__ = [
    "CHECKS",
    "Check",
    "Extreme",
    "Measurements",
    "ModesMeasurements",
    "Part",
    "PointMeasurements",
    "PosteriorMeasurements",
    "run_checks",
]

"""The check of the leave-one-out score: Vehtari and others (2024), JMLR 25(72), arXiv:1507.02646."""

from gmm_ppl.report.checks.base import Check, Measurements, Part, graded
from gmm_ppl.report.numbers import decimals, plural

PARETO_K, PARETO_K_BAD = 0.7, 1.0
_MOST_NAMED = 5


def pareto_k(found: Measurements) -> Check | None:
    """The largest Pareto k of the importance weights that stand in for leaving a row out."""
    if not found.pareto_k:
        return None
    worst = max(found.pareto_k, key=_nan_is_worst)
    above = [row for row, k in enumerate(found.pareto_k) if not k <= PARETO_K]
    named = ", ".join(map(str, above[:_MOST_NAMED])) + (", …" if len(above) > _MOST_NAMED else "")
    return Check(
        name="Pareto k",
        part=Part.SCORE,
        tone=graded(worst, PARETO_K, PARETO_K_BAD),
        measured=decimals(worst, 2),
        limit=f"≤ {PARETO_K}",
        brief=f"largest Pareto k {decimals(worst, 2)}",
        finding=f"The leave-one-out score is unreliable: {plural(len(above), 'row')} ({named}) with Pareto k above {PARETO_K}.",
        advice="Do not compare models by this elpd; look at those rows, and use k-fold cross-validation.",
    )


def _nan_is_worst(k: float) -> float:
    return k if k == k else float("inf")

"""Whether the posterior would be another with a somewhat stronger prior."""

from gmm_ppl.report.checks.base import Check, Measurements, Part, graded
from gmm_ppl.report.numbers import decimals
from gmm_ppl.report.page import Tone
from gmm_ppl.results.sensitivity import MOVED


def prior(found: Measurements) -> Check | None:
    """The parameter that moves most where the prior counts twice."""
    if found.posterior is None or found.posterior.prior_shift is None:
        return None
    worst = found.posterior.prior_shift
    size, tone = f"{decimals(abs(worst.value), 2)} sd", graded(abs(worst.value), MOVED)
    return Check(
        name="Prior",
        part=Part.POSTERIOR,
        tone=tone,
        measured=f"{size} for {worst.where}",
        limit=f"≤ {MOVED:g} sd where the prior counts twice",
        brief=f"a prior that counted twice would move {'means by at most' if tone is Tone.GOOD else worst.where + ' by'} {size}",
        finding=f"Prior and data may be in conflict: a prior that counted twice would move the mean of {worst.where} by {size}.",
        advice="State a prior that you hold (prior: {kind: conjugate, scale: …}), or fit under two of them and say what stays.",
    )

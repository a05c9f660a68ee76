"""How a fit ended: known without any of what fits."""

from enum import Enum


class Status(Enum):
    """How a fit ended; the value is the message for people."""

    CONVERGED = "Converged: the objective stopped changing."
    STEP_LIMIT = "Stopped at the step limit before the objective settled: raise max_steps, or loosen the tolerance."
    INTERRUPTED = "Interrupted: the best parameters so far were kept."
    DECREASED = "The objective fell by more than rounding explains, so the step before was kept: please report this."
    COLLAPSED = (
        "A component emptied or its covariance became singular, where the likelihood has no maximum: use a prior that keeps "
        "variances from zero (prior: weak), fewer components or a simpler covariance family."
    )
    ELSEWHERE = (
        "A component emptied or its covariance became singular, so sampling began at the mode under the weak prior, which is "
        "shown here: read the draws, not the point."
    )
    NON_FINITE = "The objective is not finite: look for values far from all others, or impossible starting parameters."

    @property
    def usable(self) -> bool:
        """Whether the parameters approximate a mode."""
        return self not in (Status.COLLAPSED, Status.NON_FINITE)

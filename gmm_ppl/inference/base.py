"""What every engine answers with: a status that is its own message, a point, or draws."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.model.specification import Mixture

EMPTY = 1e-12
"""A component with less weight than this has lost its rows."""


class Status(Enum):
    """How a fit ended; the value is the message for people."""

    CONVERGED = "Converged: the objective stopped changing."
    STEP_LIMIT = "Stopped at the step limit before the objective settled: raise max_steps, or loosen the tolerance."
    INTERRUPTED = "Interrupted: the best parameters so far were kept."
    DECREASED = "The objective fell by more than rounding explains, so the step before was kept: please report this."
    COLLAPSED = (
        "A component emptied or its covariance became singular, where the likelihood has no maximum: use a proper prior "
        "(prior: weak), fewer components or a simpler covariance family."
    )
    NON_FINITE = "The objective is not finite: look for values far from all others, or impossible starting parameters."

    @property
    def usable(self) -> bool:
        """Whether the parameters approximate a mode."""
        return self not in (Status.COLLAPSED, Status.NON_FINITE)


@dataclass(frozen=True, eq=False)
class Restarts:
    """What each of S starts came to.

    `objective` and `log_likelihood` (nats) and `iterations` are (S,); `trace` is the objective at each iteration, (S, T),
    padded with NaN; `optimum` numbers the distinct optima from 0, the best, with −1 for starts that failed.
    """

    objective: np.ndarray
    log_likelihood: np.ndarray
    iterations: np.ndarray
    status: tuple[Status, ...]
    trace: np.ndarray
    optimum: np.ndarray
    best: int


@dataclass(frozen=True, eq=False)
class PointFit:
    """A mode: parameters, and what was reached there (nats), all at these very parameters.

    `mixture` holds the prior with all its numbers; `sites` are the values of that prior's program; `objective` is
    log-likelihood + log prior, which for the flat prior is the log-likelihood.
    """

    mixture: Mixture
    parameters: MixtureParameters
    sites: dict[str, np.ndarray]
    log_likelihood: float
    log_prior: float
    status: Status
    iterations: int
    restarts: Restarts

    @property
    def objective(self) -> float:
        """log_likelihood + log_prior, what EM climbs."""
        return self.log_likelihood + self.log_prior

    @property
    def empty(self) -> list[int]:
        """Components that have lost their rows, counted from 0."""
        return np.flatnonzero(self.parameters.weights < EMPTY).tolist()

    @property
    def log_posterior(self) -> float:
        """The objective under the name that Bayesians look for: the log joint density of data and parameters."""
        return self.objective


@dataclass(frozen=True, eq=False)
class DrawsFit:
    """Posterior draws; arrays have leading axes (chain, draw).

    `parameters`, `sites` and `unconstrained` are in the sampler's own labels; `results.relabel` settles them.
    `sampler_statistics` maps ArviZ's names to (chain, draw) arrays; `seconds` is the time spent sampling, warm-up and
    compilation included.
    """

    mixture: Mixture
    parameters: MixtureParameters
    sites: dict[str, np.ndarray]
    unconstrained: dict[str, np.ndarray]
    sampler_statistics: dict[str, np.ndarray]
    start: PointFit
    seconds: float
    seed: int
    max_tree_depth: int = 10

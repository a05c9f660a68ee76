"""What every engine answers with: a status that is its own message, a point, or draws."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.inference.shown import draws_card, point_card
from gmm_ppl.inference.status import Status
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.model.specification import Mixture
from gmm_ppl.records import map_arrays

EMPTY = 1e-12
"""A component with less weight than this has lost its rows."""


@dataclass(frozen=True, eq=False)
class Restarts:
    """What each of S starts came to.

    `objective` and `log_likelihood` (nats) and `iterations` are (S,); `trace` is the objective at each iteration, (S, T),
    padded with NaN; `optimum` numbers the distinct optima from 0, the best, with −1 for starts that failed. `kind` names where
    each start began.
    """

    objective: np.ndarray
    log_likelihood: np.ndarray
    iterations: np.ndarray
    status: tuple[Status, ...]
    trace: np.ndarray
    optimum: np.ndarray
    best: int
    kind: tuple[str, ...]


@dataclass(frozen=True)
class Caution:
    """What a reader of a fit must know: in a phrase, in sentences, and what can be done about it."""

    brief: str
    finding: str
    advice: str

    def __str__(self) -> str:
        return f"{self.finding} {self.advice}"


@dataclass(frozen=True, eq=False)
class PointFit:
    """A mode: parameters, and what was reached there (nats), all at these very parameters.

    `mixture` holds the prior with all its numbers; `sites` are the values of that prior's program; `objective` is
    log-likelihood + log prior, which for the flat prior is the log-likelihood. `row_weights` (N,) are those of the rows it was
    fitted to, None where each counts once. `cautions` are what `fit` warns of. `rivals` are the other optima that starts ended
    in, the highest first, as far as they may matter (`em.restarts.rivals_of`).
    """

    mixture: Mixture
    parameters: MixtureParameters
    sites: dict[str, np.ndarray]
    log_likelihood: float
    log_prior: float
    status: Status
    iterations: int
    restarts: Restarts
    row_weights: np.ndarray | None = None
    cautions: tuple[Caution, ...] = ()
    rivals: tuple["PointFit", ...] = ()

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

    def _repr_html_(self) -> str:
        return point_card(self)


def check_unweighted(fit: object, what: str) -> None:
    """Refuse a fit with row weights where each row would be counted once."""
    if getattr(fit, "row_weights", None) is not None:
        raise InputError(
            f"{what}: the fit was made with row weights, and here each row counts once: the numbers would belong to neither. Fit "
            "without weights; whole-number weights are rows that are repeated."
        )


@dataclass(frozen=True, eq=False)
class DrawsFit:
    """Posterior draws; arrays have leading axes (chain, draw).

    `parameters`, `sites` and `unconstrained` are in the sampler's own labels; `results.relabel` settles them.
    `sampler_statistics` maps ArviZ's names to (chain, draw) arrays, or (chain,) where a number is a whole chain's; `seconds` is
    the time spent sampling, warm-up and compilation included; `engine` says who made the draws: nuts, laplace or tempered.
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
    engine: str = "nuts"

    def _repr_html_(self) -> str:
        return draws_card(self)


@dataclass(frozen=True, eq=False, kw_only=True)
class NutsFit(DrawsFit):
    """Draws of NUTS, and how it warmed up: transitions a chain, whether the metric was measured in windows, and why.

    `optima` are those that chains were dealt out to (`optima.Optima`), one or more.
    `normal_pareto_k` is the Pareto k̂ of the normal law at the mode, whose curvature whitened the coordinates; NaN where nobody
    looked. `probe` is what splits and merges of draws led to (`probe.Probe`), None where there were none. `draws_asked` are the
    draws a chain that were asked for: more than there are where Ctrl-C came. `thinning` is how many transitions each draw took;
    `rows_moved` whether assignments of many rows were moved before each (`reassignment`).
    """

    warmup: int
    windowed: bool
    warmup_reason: str
    normal_pareto_k: float
    draws_asked: int
    optima: Any
    thinning: int = 1
    rows_moved: bool = False
    probe: Any = None
    engine: str = "nuts"

    @property
    def interrupted(self) -> bool:
        """Whether there are fewer draws than were asked for."""
        return self.parameters.weights.shape[1] < self.draws_asked

    @property
    def missed_weight(self) -> float | None:
        """Share of the evidence of an optimum where no chain has been; None where none was looked for."""
        return None if self.probe is None else self.probe.weight

    @property
    def higher_by(self) -> float | None:
        """Nats by which an optimum that draws led to lies above EM's best; None where none was looked for."""
        return None if self.probe is None else self.probe.gain

    @property
    def begun_at(self) -> str:
        """Where chains began, in words."""
        if len(self.optima.points) == 1:
            if self.start.status is Status.ELSEWHERE:
                return "dispersed about the mode under the weak prior, since EM collapsed"
            return "dispersed about the mode above the EM point"
        return self.optima.sentence(self.optima.dealt(self.parameters.weights.shape[0]))


@dataclass(frozen=True, eq=False, kw_only=True)
class LaplaceFit(DrawsFit):
    """Draws from a normal approximation at the posterior's mode; `sampler_statistics` has `log_p`, `log_q` and `log_weight`.

    `log_evidence` (nats) is estimated by importance, with standard error `log_evidence_error`; `normal_log_evidence` is that of
    the normal law alone. `pareto_k` judges the approximation, and `flattest`, the smallest curvature at the mode over
    the largest, whether it is a mode at all (above 0).
    """

    log_evidence: float
    log_evidence_error: float
    normal_log_evidence: float
    pareto_k: float
    flattest: float
    engine: str = "laplace"

    def resampled(self, draws: int | None = None, seed: int = 0) -> DrawsFit:
        """Draws from the posterior itself, as far as the weights can tell: one chain drawn anew by importance.

        Systematic, so that each draw comes as often as its weight asks for, to one. With `pareto_k` above 0.7 a few draws
        would stand for all.
        """
        weights = np.exp(self.sampler_statistics["log_weight"]).ravel()
        count = weights.size if draws is None else draws
        rng = np.random.default_rng(seed)
        places = (np.arange(count) + rng.random()) / count
        chosen = rng.permutation(np.searchsorted(np.cumsum(weights / weights.sum()), places).clip(max=weights.size - 1))

        def pick(leaf: np.ndarray) -> np.ndarray:
            return leaf.reshape(weights.size, *leaf.shape[2:])[chosen][None]

        statistics = {"lp": pick(self.sampler_statistics["lp"])}
        parameters, sites, unconstrained = map_arrays(pick, (self.parameters, self.sites, self.unconstrained))
        return DrawsFit(
            self.mixture, parameters, sites, unconstrained, statistics, self.start, self.seconds, seed, engine="laplace"
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class TemperedFit(DrawsFit):
    """Particles of independent tempered runs, (run, particle) as (chain, draw); `sampler_statistics` has `lp`, and a number a
    run of `log_evidence` (nats), `temperatures`, `ancestors`, the prior's draws that its particles descend from, and
    `effective_particles`, one over the chance that two of them descend from the same.

    `log_evidence` (nats) is over all runs, every labelling counted, with standard error `log_evidence_error`
    (`smc.tempered.combined`). `path` holds what each of T steps came to, (chain, T): `temperature` β, `ess` (effective share of
    the particles after weighting), `acceptance_rate`, `step_size` (in particles' standard deviations), `moves` of each particle
    and `jump`, how far they took it: mean squared distance as a share of that of independent particles.
    """

    log_evidence: float
    log_evidence_error: float
    path: dict[str, np.ndarray]
    engine: str = "tempered"

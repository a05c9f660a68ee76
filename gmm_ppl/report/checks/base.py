"""What a check is, and the numbers that the checks read."""

from dataclasses import dataclass, field
from enum import Enum

from gmm_ppl.inference.base import Caution
from gmm_ppl.report.page import Tone


class Part(Enum):
    """The part of the results that a check speaks about; the value is its name on the page."""

    POINT = "EM point"
    POSTERIOR = "Posterior draws"
    SCORE = "Predictive score"


@dataclass(frozen=True)
class Check:
    """One line of the verdict: what was measured, against which limit, and what follows.

    `brief` is the measurement as a phrase that can stand in a list; `finding` and `advice` speak of an outcome that is
    not a pass, and are read only then.
    """

    name: str
    part: Part
    tone: Tone
    measured: str
    limit: str
    brief: str
    finding: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Extreme:
    """The worst value of a diagnostic and the parameter that has it."""

    value: float
    where: str


@dataclass(frozen=True)
class PointMeasurements:
    """What EM left: its status, its starts and the expected number of rows in each component.

    `reached` counts the starts that ended at the best optimum, and `places` how many different places those began in;
    `runner_up` is how many nats the next optimum lies below it (infinite where there is none). `cautions` are what `fit` warned
    of, its status apart.
    """

    status: str
    message: str
    starts: int
    reached: int
    places: int
    optima: int
    runner_up: float
    counts: tuple[float, ...]
    components: tuple[int, ...]
    n_features: int
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True)
class ModesMeasurements:
    """The modes that draws climb to: how many, whether chains divide between them differently, and a sentence on it."""

    count: int
    apart: bool
    sentence: str


@dataclass(frozen=True)
class PosteriorMeasurements:
    """What the sampler left. `saturated` is the share of draws at the depth limit, `bfmi` one value a chain.

    None where the engine has no such thing: `divergences`, `saturated` and `bfmi` are NUTS's, `approximation_k` (the k̂ of
    importance weights) and the standard error of the evidence those of engines that say so. `modes` is None where modes were
    not looked for. `asked` are the draws a chain that were asked for, where the engine says so. `prior_shift` is by how many of
    its sds a parameter moves where the prior counts twice; None where nobody knows. `missed_weight` is the share of the evidence
    of an optimum where no chain was, `higher_by` how many nats one that draws led to lies above EM's, `rows_moved` says
    whether assignments were sampled between transitions of NUTS.
    """

    chains: int
    draws: int
    max_rhat: Extreme
    min_ess_bulk: Extreme
    min_ess_tail: Extreme
    divergences: int | None
    depth_limit: int
    saturated: float | None
    bfmi: tuple[float, ...] | None
    label_switches: int
    max_abs_z: Extreme
    engine: str = "nuts"
    approximation_k: float | None = None
    log_evidence_error: float | None = None
    evidence_spread: float | None = None
    effective_particles: float | None = None
    modes: ModesMeasurements | None = None
    asked: int | None = None
    missed_weight: float | None = None
    higher_by: float | None = None
    prior_shift: Extreme | None = None
    rows_moved: bool = False


@dataclass(frozen=True)
class Measurements:
    """All that the verdict rests on; what was not run is None."""

    point: PointMeasurements
    posterior: PosteriorMeasurements | None = None
    pareto_k: tuple[float, ...] = field(default=())


def graded(value: float, caution: float, bad: float = float("inf")) -> Tone:
    """The tone of a value that should stay at or below `caution`, and must stay at or below `bad`; NaN is bad."""
    if value <= caution:
        return Tone.GOOD
    return Tone.CAUTION if value <= bad else Tone.BAD

"""One problem: what the library says of its default run, and whether that is true."""

import time
import warnings
from dataclasses import dataclass, field

import numpy as np
from arviz_stats.base import array_stats

import gmm_ppl as gp
from gmm_ppl.priors import AbstractPrior
from gmm_ppl.progress import silent
from gmm_ppl.report.checks import Part
from gmm_ppl.report.findings import gather
from gmm_ppl.report.page import Tone
from gmm_ppl.report.verdict import conclude, tone_of
from tests.hunt.clusters import Numbers
from tests.hunt.partitions import Known, sample
from tests.hunt.problems import Problem
from tests.stress.oracle import em_step, log_likelihood, log_prior, m_step

OFF = 5.0
"""Monte Carlo errors beyond which an answer is wrong."""

SETTLED = 0.07
"""Errors of the truth, in the posterior's standard deviations, above which it is not known: those of two hundred draws."""

OF_THE_PRIOR = ("Prior", "EM cautions")
"""Checks that say how much answers owe to the prior, not whether they are its own; what else EM warns of has other checks."""

POINTS = 3


@dataclass(frozen=True)
class Judgement:
    """One problem's outcome, in values that JSON can keep.

    `trusted`: point and posterior without a caution, those of the prior apart; `raised`: the checks that had one. `errors`: of
    each quantity, how many Monte Carlo errors it is off. `short`: nats by which the EM fit lies below the best optimum known
    (negative where it is the better); `settled`: whether the truth is known well enough; `seconds` of the run, and of the truth;
    `measured` is what each check read.
    """

    generator: str
    seed: int
    size: tuple[int, int, int]
    trusted: bool
    sentence: str
    raised: tuple[str, ...]
    errors: dict[str, float]
    short: float
    settled: bool
    seconds: tuple[float, float] = (0.0, 0.0)
    measured: dict[str, str] = field(default_factory=dict)

    @property
    def off(self) -> float:
        """The largest error."""
        return max(abs(each) for each in self.errors.values())

    @property
    def kind(self) -> str:
        """Which of four it is; "unknown" where the truth is not settled."""
        if not self.settled:
            return "unknown"
        if self.trusted:
            return "false pass" if self.off > OFF else "pass"
        return "alarm" if self.off > OFF else "false alarm"


def judge(problem: Problem) -> Judgement:
    """Run the default, and the truth."""
    began = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gp.FitWarning)
        draws = gp.sample(problem.mixture, problem.x, seed=problem.seed, progress=silent)
        checks = gather(gp.to_datatree(draws, problem.x, progress=silent)).checks
    drawn = time.monotonic()
    of_numbers = [check for check in checks if check.name not in OF_THE_PRIOR]
    numbers, points = numbers_of(draws.mixture), problem.x[:POINTS]
    truth = sample(problem.x, numbers, points, seed=problem.seed)
    ours = of_draws(draws, points)
    known = max(best_objective(problem.x, labels, numbers) for labels in truth.best)
    return Judgement(
        problem.generator,
        problem.seed,
        (*problem.x.shape, problem.mixture.components),
        trusted=all(tone_of(of_numbers, part) is Tone.GOOD for part in (Part.POINT, Part.POSTERIOR)),
        sentence=conclude(checks).sentence,
        raised=tuple(check.name for check in checks if check.tone is not Tone.GOOD),
        errors={name: distance(value, truth.values[name]) for name, value in ours.items()},
        short=known - draws.start.objective,
        settled=all(settled(truth.values[name], error(value)) for name, value in ours.items()),
        measured={check.name: check.measured for check in checks},
        seconds=(drawn - began, time.monotonic() - drawn),
    )


def numbers_of(mixture: gp.Mixture) -> Numbers:
    """The prior's numbers, as the fit states them."""
    prior = mixture.prior
    assert isinstance(prior, AbstractPrior)
    stated = {name: np.asarray(value, dtype=float) for name, value in prior.numbers().items()}
    return Numbers(
        np.broadcast_to(stated["concentration"], mixture.components),
        stated["mean"],
        float(stated["mean_precision"]),
        float(stated["degrees_of_freedom"]),
        stated["scale"],
    )


def of_draws(draws: gp.DrawsFit, points: np.ndarray) -> dict[str, np.ndarray]:
    """The same quantities of draws of parameters, (chains, draws)."""
    weights = np.asarray(draws.parameters.weights)
    densities = np.exp(log_densities(draws, points))
    return {
        "sum of squared weights": (weights**2).sum(axis=-1),
        "smallest weight": weights.min(axis=-1),
        **{f"density at row {place}": densities[..., place] for place in range(len(points))},
    }


def log_densities(draws: gp.DrawsFit, points: np.ndarray) -> np.ndarray:
    """Log P at points, (chains, draws, P)."""
    weights, means, covariances = (
        np.asarray(each) for each in (draws.parameters.weights, draws.parameters.means, draws.parameters.covariances)
    )
    factor = np.linalg.cholesky(covariances)
    inner = np.linalg.solve(factor, np.swapaxes(points - means[..., None, :], -1, -2))
    constant = np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(axis=-1) + points.shape[1] * np.log(2 * np.pi) / 2
    each = np.log(weights)[..., None] - (inner**2).sum(axis=-2) / 2 - constant[..., None]
    return np.logaddexp.reduce(each, axis=-2)


def distance(ours: np.ndarray, truth: Known) -> float:
    """How many Monte Carlo errors the mean of draws is off."""
    return float((ours.mean() - truth.mean) / np.hypot(error(ours), truth.error))


def error(values: np.ndarray) -> float:
    """Standard error of a mean of (chains, draws); 0 of what never changes."""
    return 0.0 if np.ptp(values) == 0 else float(array_stats.mcse(values, chain_axis=0, draw_axis=1, method="mean"))


def settled(truth: Known, least: float) -> bool:
    """Whether an expectation is known well, or better than by the draws that it is held against."""
    return truth.error <= max(SETTLED * truth.deviation, least)


def best_objective(x: np.ndarray, labels: np.ndarray, numbers: Numbers) -> float:
    """Log-likelihood + log prior where plain EM from a partition ends."""
    stated = vars(numbers)
    memberships = (labels[:, None] == np.arange(numbers.concentration.size)).astype(float)
    model = m_step("full", memberships, x, stated)
    last = -np.inf
    for _ in range(2000):
        here = log_likelihood(model, x) + log_prior(model, stated)
        if here - last < 1e-8:
            break
        last, model = here, em_step(model, x, stated)
    return here

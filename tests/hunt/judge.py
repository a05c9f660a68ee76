"""One problem: what the library says of its default run, and whether that is true."""

import warnings
from dataclasses import dataclass

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
from tests.hunt.partitions import Partitions, sample
from tests.hunt.problems import Problem
from tests.stress.oracle import em_step, log_likelihood, log_prior, m_step

OFF = 5.0
"""Monte Carlo errors beyond which an answer is wrong."""

SETTLED = 1.02
"""R-hat of the truth's replicas, above which it is not known."""

DRAWS, WARMUP = 1500, 200
POINTS = 3


@dataclass(frozen=True)
class Judgement:
    """`trusted`: point and posterior without a caution. `errors`: of each quantity, how many Monte Carlo errors it is off.

    `short`: nats by which the EM fit lies below the best optimum known (negative where it is the better); `settled`: whether
    the truth is known well enough.
    """

    problem: Problem
    trusted: bool
    sentence: str
    errors: dict[str, float]
    short: float
    settled: bool

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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gp.FitWarning)
        draws = gp.sample(problem.mixture, problem.x, seed=problem.seed, progress=silent)
        checks = gather(gp.to_datatree(draws, problem.x, progress=silent)).checks
    trusted = all(tone_of(checks, part) is Tone.GOOD for part in (Part.POINT, Part.POSTERIOR))
    numbers, points = numbers_of(draws.mixture), problem.x[:POINTS]
    truth = sample(problem.x, numbers, points, seed=problem.seed, draws=DRAWS, warmup=WARMUP)
    errors = {name: distance(value, truth.values[name]) for name, value in of_draws(draws, points).items()}
    known = max(best_objective(problem.x, labels, numbers) for labels in truth.best)
    return Judgement(problem, trusted, conclude(checks).sentence, errors, known - draws.start.objective, settled(truth))


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


def distance(ours: np.ndarray, truth: np.ndarray) -> float:
    """How many Monte Carlo errors two means are apart."""
    return float((ours.mean() - truth.mean()) / np.hypot(error(ours), error(truth)))


def error(values: np.ndarray) -> float:
    """Standard error of a mean of (chains, draws); 0 of what never changes."""
    return 0.0 if np.ptp(values) == 0 else float(array_stats.mcse(values, chain_axis=0, draw_axis=1, method="mean"))


def settled(truth: Partitions) -> bool:
    """Whether replicas of the truth agree: where one partition has all the mass, to the bit."""
    return all(
        np.ptp(values) == 0 or array_stats.rhat(values, chain_axis=0, draw_axis=1) < SETTLED for values in truth.values.values()
    )


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

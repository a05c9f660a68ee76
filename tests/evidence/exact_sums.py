"""Log evidence by tempering beside the sum over all assignments, on many small problems: are its errors as large as they say?"""

import warnings
from dataclasses import dataclass
from itertools import product

import numpy as np

import gmm_ppl as gp
from gmm_ppl.progress import silent
from tests.hunt.clusters import Clusters
from tests.hunt.judge import numbers_of
from tests.hunt.problems import conjugate

SHAPES = ((10, 1, 2), (10, 2, 2), (7, 1, 3), (8, 2, 3))
"""Rows, features, components: few, since each is a program to compile."""

APART = (0.5, 2.0, 6.0)
"""Distances of groups, in their deviations: overlapping, touching, separated."""

PROBLEMS = 200


@dataclass(frozen=True)
class Answer:
    """Of one problem: `exact`, `estimate` and its `error`, all in nats."""

    exact: float
    estimate: float
    error: float

    @property
    def z(self) -> float:
        """How many errors the estimate is off."""
        return (self.estimate - self.exact) / self.error


def problem(seed: int) -> tuple[np.ndarray, gp.Mixture]:
    """Rows in groups, under the weak prior or a conjugate one in turn."""
    rng = np.random.default_rng([61, seed])
    rows, features, components = SHAPES[seed % len(SHAPES)]
    means = APART[seed // len(SHAPES) % len(APART)] * rng.standard_normal((components, features))
    x = means[rng.integers(0, components, rows)] + rng.standard_normal((rows, features))
    prior = "weak" if seed // (len(SHAPES) * len(APART)) % 2 else conjugate(rng, x)
    return x, gp.Mixture(components, "full", prior)


def exact_evidence(x: np.ndarray, mixture: gp.Mixture) -> float:
    """Log p(x) = log Σ_z p(x, z), every labelling counted."""
    labels = np.array(list(product(range(mixture.components), repeat=len(x))))
    return float(np.logaddexp.reduce(Clusters(x, numbers_of(mixture), labels).log_joint()))


def answer(seed: int, **options: int) -> tuple[Answer, gp.TemperedFit]:
    """Both answers to one problem."""
    x, mixture = problem(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gp.FitWarning)
        start = gp.fit(mixture, x, starts=1, progress=silent)
        found = gp.temper(mixture, x, start=start, seed=seed, progress=silent, **options)
    return Answer(exact_evidence(x, found.mixture), found.log_evidence, found.log_evidence_error), found


def rows() -> list[tuple[str, ...]]:
    """For each shape and for all how often the exact value lies within two errors, and the largest distance, in errors."""
    answers = [answer(seed)[0] for seed in in_turn(PROBLEMS)]
    size = PROBLEMS // len(SHAPES)
    groups = {title(shape): answers[place * size : (place + 1) * size] for place, shape in enumerate(SHAPES)}
    return [counted(name, each) for name, each in (groups | {"all": answers}).items()]


def in_turn(problems: int) -> list[int]:
    """Seeds of problems, shape by shape, so that programs are compiled once."""
    return [seed for place in range(len(SHAPES)) for seed in range(place, problems, len(SHAPES))]


def title(shape: tuple[int, int, int]) -> str:
    """`10 × 2, K = 2`."""
    rows, features, components = shape
    return f"{rows} × {features}, K = {components}"


def counted(name: str, answers: list[Answer]) -> tuple[str, ...]:
    """A row of the table."""
    z = np.array([each.z for each in answers])
    off = np.array([each.estimate - each.exact for each in answers])
    error = np.median([each.error for each in answers])
    within = f"{(np.abs(z) <= 2).sum()} ({100 * (np.abs(z) <= 2).mean():.1f} %)"
    return name, str(z.size), within, f"{np.abs(z).max():.1f}", f"{error:.3f}", f"{np.sqrt((off**2).mean()):.3f}"

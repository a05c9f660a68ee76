"""Log evidence by tempering beside the sum over all assignments, on many small problems: are its errors as large as they say?"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import logsumexp

import gmm_ppl as gp
from gmm_ppl.progress import silent
from tests.hunt.clusters import Clusters
from tests.hunt.judge import numbers_of
from tests.hunt.problems import conjugate

SHAPES = ((10, 1, 2), (10, 2, 2), (7, 1, 3), (8, 2, 3))
"""Rows, features, components: few, since each is a program to compile."""

APART = (0.5, 2.0, 6.0)
"""Distances of groups, in their deviations: overlapping, touching, separated."""

DRAWS = 250


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
    return float(logsumexp(Clusters(x, numbers_of(mixture), labels).log_joint()))


def answer(seed: int, **options: int) -> tuple[Answer, gp.TemperedFit]:
    """Both answers to one problem."""
    x, mixture = problem(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gp.FitWarning)
        start = gp.fit(mixture, x, starts=1, progress=silent)
        found = gp.temper(mixture, x, start=start, seed=seed, progress=silent, **{"draws": DRAWS} | options)
    return Answer(exact_evidence(x, found.mixture), found.log_evidence, found.log_evidence_error), found

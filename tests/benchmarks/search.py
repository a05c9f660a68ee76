"""Fits of K = 1 … 9, each from the same number of starts, and the K that BIC chooses."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from tests.benchmarks import ours
from tests.benchmarks.harness import Answer, Contestant, Limit, Row, seconds
from tests.benchmarks.peers import mclust, scikit_learn
from tests.benchmarks.problems import faithful, problem

SAME = {"K chosen": Limit(0.5, absolute=True), "log-likelihood a row there": Limit(1e-5, absolute=True)}
OTHER_START = {"K chosen": Limit(0.5, absolute=True), "log-likelihood a row there": Limit(1e-3, absolute=True)}
"""mclust stops at a relative tolerance of 1e-5, from one start of its own."""
TOLERANCE = 1e-8


def rows(quick: bool) -> Iterator[Row]:
    """Old Faithful, and four features."""
    components, starts = (range(1, 4), 2) if quick else (range(1, 10), 20)
    data = {"faithful": lambda: faithful(2).x, "2000×4": lambda: problem(200 if quick else 2_000, 4, 4).x}
    for name, x in data.items():
        title = f"search, {name}, K={components[0]}…{components[-1]}, {starts} starts"
        yield Row(title, lambda x=x: contestants(x(), components, starts), rounds=3)


def contestants(x: np.ndarray, components: range, starts: int) -> list[Contestant]:
    """Ours in one call, scikit-learn in a loop, mclust's own search."""
    return [
        likelihoods("ours", lambda: our_search(x, components, starts), x, {}),
        likelihoods("scikit-learn", lambda: scikit_learn.search(x, components, starts, TOLERANCE), x, SAME),
        by_mclust(x, components),
    ]


def our_search(x: np.ndarray, components: range, starts: int) -> dict[int, float]:
    """Log-likelihood of each K's best start; NaN where all collapsed or none was finite."""
    found = ours.fit_range(x, components, starts, TOLERANCE)
    usable = {each: fit.log_likelihood for each, fit in found.items() if fit.status.usable}
    return {each: usable.get(each, math.nan) for each in components}


def likelihoods(name: str, search: Callable[[], Mapping[int, float]], x: np.ndarray, limits: Mapping[str, Limit]) -> Contestant:
    """A search that answers with a log-likelihood for each K."""

    def answer() -> Answer:
        return choice({each: bic(value, each, x) for each, value in search().items()}, x)

    return Contestant(name, answer, lambda: seconds(search), limits)


def by_mclust(x: np.ndarray, components: range) -> Contestant:
    """mclustBIC, one start by hierarchical clustering, so that it does less than the others."""
    note = "one hierarchical start a K, and EM stopped at a relative change of 1e-5"
    answer = lambda: choice(mclust.search(x, components)[0], x)  # noqa: E731
    return Contestant("mclust", answer, lambda: mclust.search(x, components)[1], OTHER_START, note=note)


def choice(criteria: Mapping[int, float], x: np.ndarray) -> dict[str, Any]:
    """The K of the smallest BIC, and its log-likelihood a row."""
    best = min((each for each in criteria if not math.isnan(criteria[each])), key=criteria.__getitem__)
    return {"K chosen": best, "log-likelihood a row there": (bic(0.0, best, x) - criteria[best]) / 2 / len(x)}


def bic(log_likelihood: float, components: int, x: np.ndarray) -> float:
    """−2 log L + p log N for full covariances."""
    features = x.shape[1]
    count = components - 1 + components * features + components * features * (features + 1) // 2
    return -2 * log_likelihood + count * math.log(len(x))

"""NUTS of Old Faithful: seconds an effective sample, with programs compiled beforehand."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from arviz_stats import ess
from xarray import Dataset

from tests.benchmarks import ours
from tests.benchmarks.harness import Answer, Contestant, Limit, Row, seconds
from tests.benchmarks.peers import numpyro
from tests.benchmarks.problems import faithful

Draws = Mapping[str, np.ndarray]
Run = Callable[[int], Draws]

METRICS = {"NumPyro, diagonal metric": False, "NumPyro, dense metric": True}


def rows(quick: bool) -> Iterator[Row]:
    """One row: 4 chains, as many draws as transitions of warm-up."""
    draws = 50 if quick else 500
    name = f"NUTS, faithful, K=2, 4 chains of {draws} + {draws}"
    yield Row(name, lambda: contestants(draws), unit="s a sample", rounds=5, facts=effective)


def effective(medians: Mapping[str, float]) -> dict[str, Any]:
    """What the cost is, and its inverse."""
    words = "seconds of a whole run, warm-up included, over the fewest bulk effective samples of any scalar"
    return {"cost:": words, "effective samples a second:": {name: 1 / each for name, each in medians.items()}}


def contestants(draws: int) -> list[Contestant]:
    """Ours, and NumPyro's sampler with a diagonal and a dense metric; all from the same mode, at an acceptance of 0.9."""
    made = faithful(2)
    point = ours.mode(made)
    runs = {"ours": lambda seed: ours.sample(made, point, seed=seed, draws=draws)}
    runs |= {name: numpyro.Sampler(made, point, draws=draws, dense=dense).run for name, dense in METRICS.items()}
    scale = scalars(runs["ours"](0))
    return [contestant(name, run, scale, draws) for name, run in runs.items()]


def contestant(name: str, run: Run, scale: np.ndarray, draws: int) -> Contestant:
    """A sampler; its answer is in deviations of `scale`, draws of a first run, and each run has a seed of its own."""
    seeds = itertools.count(1)

    def answer() -> Answer:
        found = scalars(run(next(seeds)))
        means = (found.mean((0, 1)) - scale.mean((0, 1))) / scale.std((0, 1))
        return {"means": means, "log deviations": np.log(found.std((0, 1)) / scale.std((0, 1)))}

    def cost() -> float:
        found: list[Draws] = []
        spent = seconds(lambda: found.append(run(next(seeds))))
        return spent / fewest(scalars(found[0]))

    # Five standard errors at some hundreds of effective samples; a tiny run says nothing either way.
    bound = 0.3 * (500 / draws) ** 0.5
    return Contestant(name, answer, cost, {"means": Limit(bound, absolute=True), "log deviations": Limit(bound, absolute=True)})


def scalars(draws: Draws) -> np.ndarray:
    """Everything free, (chain, draw, scalar): weights but one, means, lower triangles."""
    weights, means, covariances = (np.asarray(draws[name]) for name in ("weights", "means", "covariances"))
    rows, columns = np.tril_indices(means.shape[-1])
    parts = (weights[..., :-1], means, covariances[..., rows, columns])
    return np.concatenate([each.reshape(*each.shape[:2], -1) for each in parts], axis=2)


def fewest(draws: np.ndarray) -> float:
    """The smallest bulk effective sample size."""
    dataset = Dataset({"draws": (("chain", "draw", "scalar"), draws)})
    return float(ess(dataset, method="bulk")["draws"].min())

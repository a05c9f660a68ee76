"""Posterior draws: seconds an effective sample, everything that the call does counted."""

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from arviz_stats import ess
from xarray import Dataset

from tests.benchmarks import ours
from tests.benchmarks.harness import Answer, Contestant, Limit, Row, seconds
from tests.benchmarks.peers import numpyro
from tests.benchmarks.problems import Problem, bundled, problem

Draws = Mapping[str, np.ndarray]
Run = Callable[[int], Draws]

STOCK, ONE_PROGRAM = "NumPyro, as users call it", "NumPyro, one program"
DRAWS = 1000


def rows(quick: bool) -> Iterator[Row]:
    """Small posteriors, overlapping ones, and one of more rows; 4 chains of 1000 draws.

    One round of those on which NumPyro takes minutes.
    """
    draws = 50 if quick else DRAWS
    yield row("faithful, K=2", lambda: bundled("faithful", 2), draws, 60.0, rounds=5, peers=(STOCK, ONE_PROGRAM))
    yield first_call(draws)
    for data in ("diabetes", "iris"):
        yield row(f"{data}, K=3", lambda data=data: bundled(data, 3), draws, 20.0, rounds=1, peers=(STOCK,))
    yield row("10000×2, K=3", lambda: problem(200 if quick else 10_000, 2, 3), draws, 30.0, rounds=1, peers=(STOCK,))


def first_call(draws: int) -> Row:
    """The first call of a new process, from imports and an EM fit that are there: tracing and compilation counted."""
    names = {"ours": None, STOCK: 5.0}
    contestants = [Contestant(name, dict, lambda name=name: alone(name, draws), reach=reach) for name, reach in names.items()]
    title = f"draws of faithful, K=2, 4 chains of {draws}, first call"
    return Row(title, lambda: contestants, unit="s a sample", rounds=3, facts=effective)


def alone(name: str, draws: int) -> float:
    """Seconds an effective sample, as a process of its own tells them."""
    command = [sys.executable, "-m", "tests.benchmarks.sample_child", name, str(draws)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def row(name: str, made: Callable[[], Problem], draws: int, reach: float, *, rounds: int, peers: tuple[str, ...]) -> Row:
    """One posterior, called again in a process that has compiled all that it keeps."""
    title = f"draws of {name}, 4 chains of {draws}, again"
    prepared = lambda: contestants(made(), draws, reach, peers)  # noqa: E731
    return Row(title, prepared, unit="s a sample", rounds=rounds, facts=effective)


def effective(medians: Mapping[str, float]) -> dict[str, Any]:
    """What the cost is, and its inverse."""
    words = "seconds of a whole call, warm-up included, over the fewest bulk effective samples of any scalar"
    return {"cost:": words, "effective samples a second:": {name: 1 / each for name, each in medians.items()}}


def contestants(made: Problem, draws: int, reach: float, peers: tuple[str, ...]) -> list[Contestant]:
    """Our NUTS, our normal approximation, and NumPyro's defaults, all from the same EM fit."""
    point = ours.mode(made, "kmeans")
    runs = {"ours": lambda seed: ours.sample(made, point, seed=seed, draws=draws)}
    runs |= {"ours, Laplace": lambda seed: ours.laplace(made, point, seed=seed, draws=draws)}
    runs |= {name: numpyro.Sampler(made, point, draws=draws, stock=name == STOCK).run for name in peers}
    scale = scalars(runs["ours"](0))
    return [contestant(name, run, scale, draws, reach if name in peers else None) for name, run in runs.items()]


def contestant(name: str, run: Run, scale: np.ndarray, draws: int, reach: float | None) -> Contestant:
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
    limits = {"means": Limit(bound, absolute=True), "log deviations": Limit(bound, absolute=True)}
    return Contestant(name, answer, cost, limits, reach=reach)


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

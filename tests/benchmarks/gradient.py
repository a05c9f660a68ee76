"""Value and gradient of the marginal log-likelihood in logits of the weights, means and Cholesky factors."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from tests.benchmarks import ours
from tests.benchmarks.harness import Answer, Contestant, Limit, Row, seconds
from tests.benchmarks.peers import numpyro
from tests.benchmarks.problems import Problem, faithful, problem

SIZES = {(10_000, 2, 3): 8.0, (200_000, 2, 3): 12.0, (100_000, 8, 8): 30.0, (20_000, 16, 16): 35.0}
TINY = {(300, 2, 3): 8.0}
SAME = {"value": Limit(1e-10), **{name: Limit(1e-8) for name in ("logits", "means", "factors")}}
SHORTEST = 0.05
"""Seconds that a measurement should last: small programs are repeated."""


def rows(quick: bool) -> Iterator[Row]:
    """Old Faithful, then several sizes."""
    yield Row("gradient, faithful, 272×2, K=2", lambda: contestants(faithful(2), 1.5))
    for size, reach in (TINY if quick else SIZES).items():
        name = f"gradient, {size[0]}×{size[1]}, K={size[2]}"
        yield Row(name, lambda size=size, reach=reach: contestants(problem(*size), reach))


def contestants(made: Problem, reach: float) -> list[Contestant]:
    """Ours and NumPyro's, at the problem's start."""
    with jax.enable_x64(True):
        point = jax.device_put(point_of(made))
    return [
        contestant("ours", repeated(*ours.marginal(made)), point, None),
        contestant("NumPyro", repeated(*numpyro.marginal(made)), point, reach),
    ]


def point_of(made: Problem) -> dict[str, np.ndarray]:
    """Coordinates without constraints: the same function of the same numbers for all."""
    return {"logits": np.log(made.weights), "means": made.means, "factors": np.linalg.cholesky(made.covariances)}


def repeated(function: Callable[[dict, Any], jax.Array], data: Any, options: dict[str, str]) -> Callable[[dict, int], tuple]:
    """Value and gradient, some times over within one program, as a sampler has them: a call from Python takes as long as a
    gradient of a few hundred rows. Each point hangs on the gradient before, so that none can be left out, and is the same.
    """

    def loop(point: dict, data: Any, count: jax.Array) -> tuple:
        def once(_: int, state: tuple) -> tuple:
            here = jax.tree.map(lambda each, slope: each + 1e-200 * slope, point, state[1])
            return jax.value_and_grad(function)(here, data)

        return jax.lax.fori_loop(0, count, once, (jax.numpy.zeros(()), jax.tree.map(jax.numpy.zeros_like, point)))

    program = jax.jit(loop, compiler_options=options)

    def call(point: dict, count: int) -> tuple:
        with jax.enable_x64(True):
            return jax.block_until_ready(program(point, data, count))

    return call


def contestant(name: str, program: Callable[[dict, int], tuple], point: dict, reach: float | None) -> Contestant:
    """So many gradients in a row as take `SHORTEST`."""
    repetitions: list[int] = []

    def answer() -> Answer:
        value, gradient = program(point, 1)
        repetitions.append(max(1, int(SHORTEST / seconds(lambda: program(point, 1)))))
        return {"value": float(value), **{name: np.asarray(each) for name, each in gradient.items()}}

    def cost() -> float:
        return seconds(lambda: program(point, repetitions[0])) / repetitions[0]

    return Contestant(name, answer, cost, SAME, reach)

"""Chains in teams: each alone on a thread of its own where a pass over the rows is short, all in one program where it is long."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

import jax
import numpy as np

from gmm_ppl.inference.nuts.warmup import Chain, Sampler, segment
from gmm_ppl.processors import cores
from gmm_ppl.types import Array, to_numpy


class Teams:
    """Chains on their way, in teams that one program each moves on; to be used as a context, which ends its threads.

    Of few rows a chain alone costs no more than its share of a batch, waits for no longer trajectory than its own, and leaves a
    core to the next: on two cores four chains on 272 × 2 rows take half as long as in one batch. Of many rows batches share
    what is made of the rows, and fill the cores by themselves. Draws do not depend on how many threads there are.
    """

    def __init__(self, sampler: Sampler, chains: Chain, key: Array) -> None:
        """All chains, (chains, …), and the key of their moves."""
        count = chains.step_size.size
        size = 1 if sampler.posterior.short else count
        self.sampler, self.key, self.begun = sampler, key, False
        self.numbers = np.arange(count).reshape(-1, size)
        # By NumPy: each operation of JAX outside a program is one to compile.
        held = to_numpy(chains)
        self.states = [jax.tree.map(lambda leaf, team=team: leaf[team], held) for team in self.numbers]
        self.threads = ThreadPoolExecutor(min(len(self.numbers), cores()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # After an error, or Ctrl-C, what has not begun never does.
        self.threads.shutdown(cancel_futures=True)

    def advance(self, stages: np.ndarray, first: int, count: int) -> dict[str, np.ndarray]:
        """Transitions `first` to `first + count` of all chains, as (L, chains, …); `stages` as `segment` takes them."""
        if not self.begun:
            # No transitions: what is to be compiled is, once, before several threads would each set about it.
            self.move(0, stages, first, 0)
            self.begun = True
        moves = [self.threads.submit(in_double(self.move), team, stages, first, count) for team in range(len(self.states))]
        records = [each.result() for each in moves]
        self.states = [state for state, _ in records]
        return {name: np.concatenate([record[name] for _, record in records], axis=1) for name in records[0][1]}

    def move(self, team: int, stages: np.ndarray, first: int, count: int) -> tuple[Chain, dict[str, np.ndarray]]:
        """A team's chains after their transitions, and the record of these."""
        numbers = (np.asarray(each) for each in (self.numbers[team], stages, first, count))
        state, record = segment(self.sampler, self.states[team], self.key, *numbers)
        return state, to_numpy(record)


def in_double[**Arguments, Answer](function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """`function` in the caller's precision, which JAX keeps for each thread apart."""
    double = bool(jax.config.jax_enable_x64)

    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        with jax.enable_x64(new_val=double):
            return function(*args, **kwargs)

    return call

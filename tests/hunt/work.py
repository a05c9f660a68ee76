"""Many problems, in processes side by side."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import groupby
from multiprocessing import get_context

import jax

from tests.hunt.judge import Judgement, judge
from tests.hunt.problems import Problem


def judgements(problems: Sequence[Problem], jobs: int) -> Iterator[Judgement]:
    """All of them, those of one shape together, since they share their programs."""
    grouped = [list(group) for _, group in groupby(sorted(problems, key=shape), key=shape)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for each in as_completed([pool.submit(judged, group) for group in grouped]):
            yield from each.result()


def shape(each: Problem) -> tuple:
    """What programs are compiled for."""
    return (*each.x.shape, each.mixture.components)


def judged(group: Sequence[Problem]) -> list[Judgement]:
    """Problems of one shape; their programs are not kept longer."""
    found = [judge(each) for each in group]
    jax.clear_caches()
    return found

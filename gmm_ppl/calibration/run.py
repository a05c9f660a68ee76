"""`calibrate`: many replications, as many at a time as there are cores."""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from gmm_ppl.calibration.engines import ENGINES, Engine
from gmm_ppl.calibration.quantities import names
from gmm_ppl.calibration.replication import Question, Ranked, ranked
from gmm_ppl.compiled import make_room, one_blas_thread
from gmm_ppl.errors import FitError, FitWarning, InputError
from gmm_ppl.inference.arguments import check_count, check_seed
from gmm_ppl.inference.nuts.teams import in_double
from gmm_ppl.model.specification import Mixture, resolved_prior
from gmm_ppl.processors import cores
from gmm_ppl.progress import Progress, watched
from gmm_ppl.types import Bool, Float, Int, in_float64

DRAWS = 63
"""Draws that a truth is ranked among: ranks take 64 values."""


@dataclass(frozen=True, eq=False)
class Replications:
    """Replications, along a leading axis R.

    `truth` are the quantities at θ*, in their own units, and `ranks` theirs among the draws, 0 … L; `lag_one` the
    autocorrelation of consecutive draws; `usable` is False where the engine failed, and what else there is then means nothing.
    `notes` are the engine's own numbers, and the largest R-hat of all quantities.
    """

    truth: Float[np.ndarray, "R Q"]
    ranks: Int[np.ndarray, "R Q"]
    lag_one: Float[np.ndarray, "R Q"]
    usable: Bool[np.ndarray, " R"]
    notes: Mapping[str, Float[np.ndarray, " R"]]

    @classmethod
    def of(cls, each: list[Ranked]) -> "Replications":
        """Replications in their order."""
        known = dict.fromkeys(name for one in each for name in one.notes)
        return cls(
            truth=np.stack([one.truth for one in each]),
            ranks=np.stack([one.ranks for one in each]),
            lag_one=np.stack([one.lag_one for one in each]),
            usable=np.array([one.usable for one in each]),
            notes={name: np.array([one.notes.get(name, np.nan) for one in each]) for name in known},
        )


@dataclass(frozen=True, eq=False)
class Calibration:
    """What a calibration came to.

    `found` has the replications that were made, `wanted` of which were asked for; `seconds` are elapsed, `cpu_seconds` those of
    all cores, compilation included.
    """

    question: Question
    engine: str
    wanted: int
    names: tuple[str, ...]
    found: Replications
    seconds: float
    cpu_seconds: float

    @property
    def mixture(self) -> Mixture:
        """The mixture, with all numbers of its prior."""
        return self.question.mixture

    @property
    def rows(self) -> int:
        """Of each simulated data set."""
        return self.question.rows

    @property
    def features(self) -> int:
        """Of each row."""
        return self.question.features

    @property
    def draws(self) -> int:
        """L, that each truth is ranked among."""
        return self.question.draws

    @property
    def seed(self) -> int:
        """Of everything."""
        return self.question.seed

    @property
    def made(self) -> int:
        """Replications that were made, failed ones among them."""
        return len(self.found.usable)

    @property
    def failed(self) -> int:
        """Replications that left no draws."""
        return int(np.sum(~self.found.usable))

    @property
    def ranks(self) -> np.ndarray:
        """Ranks of the replications that did not fail, (R, Q)."""
        return np.asarray(self.found.ranks)[self.found.usable]

    @property
    def lag_one(self) -> np.ndarray:
        """Median over those replications of the autocorrelation of consecutive kept draws, by quantity (Q,)."""
        return np.median(np.asarray(self.found.lag_one)[self.found.usable], axis=0)

    @property
    def notes(self) -> dict[str, np.ndarray]:
        """The engine's own numbers on those replications, (R,) each."""
        return {name: np.asarray(each)[self.found.usable] for name, each in self.found.notes.items()}


@in_float64
def calibrate(
    mixture: Mixture,
    *,
    rows: int,
    features: int,
    replications: int = 1000,
    engine: str | Engine = "nuts",
    em: Mapping[str, Any] | None = None,
    mcmc: Mapping[str, Any] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Calibration:
    """Simulation-based calibration (Talts et al. 2018, doi:10.48550/arXiv.1804.06788) of an engine under a prior.

    θ* ~ prior, x ~ mixture(θ*), draws θ_1 … θ_L from the posterior given x: if they are that, the rank of f(θ*) among the f(θ_l)
    is uniform on 0 … L for every f.

    Args:
        mixture: with all numbers of a proper prior (`Mixture.resolve`).
        rows, features: N and D of each simulated data set.
        replications: R.
        engine: a name in `ENGINES` (nuts is `sample`, laplace `laplace`, tempered `temper`), or an engine.
        em, mcmc: arguments of `fit` and of the engine, as in the sections of a config; what is left out is what these functions
            take by default. NUTS makes fewer draws a chain than it is told, as many as ranks need.
        draws: L.
        seed: of everything; replication r has the same parameters and rows whatever R is.
        progress: called after each replication.

    Returns:
        Ranks. Ctrl-C returns those of the replications that are done, with a warning; before the first it is passed on.

    Raises:
        InputError: an improper prior, one without numbers, or arguments out of range.
        FitError: every replication failed.
    """
    function, name = find_engine(engine, mcmc or {})
    check_arguments(mixture, rows, features, replications, draws)
    check_seed(seed)
    question = Question(mixture, function, em or {}, rows, features, draws, seed)
    began, worked = time.perf_counter(), time.process_time()
    make_room()
    with watched(progress) as watching, quietly():
        found = Replications.of(until_interrupted(partial(ranked, question), replications, watching))
    if len(found.usable) < replications:
        kept = f"{len(found.usable)} of {replications} replications were kept"
        warnings.warn(f"calibration: interrupted; {kept}.", FitWarning, stacklevel=3)
    if not found.usable.any():
        raise FitError(f"calibration: {name} left no draws in any of {len(found.usable)} replications.")
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    return Calibration(question, name, replications, names(mixture.shape(features)), found, seconds, cpu)


def find_engine(engine: str | Engine, settings: Mapping[str, Any]) -> tuple[Engine, str]:
    """An engine with its settings, and what to call it; InputError lists the known ones."""
    if not isinstance(engine, str):
        return engine, getattr(engine, "__name__", type(engine).__name__)
    if engine not in ENGINES:
        raise InputError(f"engine: none is called {engine!r}; choose one of {', '.join(ENGINES)}.")
    return partial(ENGINES[engine], **settings), engine


def check_arguments(mixture: Mixture, rows: int, features: int, replications: int, draws: int) -> None:
    """Refuse counts that no calibration can have, and a prior that cannot be drawn from."""
    check_count("rows", rows, low=2)
    for name, value in (("features", features), ("replications", replications), ("draws", draws)):
        check_count(name, value)
    check_proper(mixture)


def check_proper(mixture: Mixture) -> None:
    """Refuse a prior that cannot be drawn from."""
    if not resolved_prior(mixture).proper:
        raise InputError(
            "calibration draws parameters from the prior, and a flat prior is no law to draw from. Choose a proper one "
            "(prior: weak)."
        )


def until_interrupted(one: Callable[[int], Ranked], replications: int, progress: Progress) -> list[Ranked]:
    """All replications, or those that were done when Ctrl-C came."""
    done: list[Ranked] = []
    progress("Calibration", 0, replications, "compiling")
    try:
        for each in in_parallel(one, range(replications)):
            done.append(each)
            progress("Calibration", len(done), replications, f"{sum(not each.usable for each in done)} failed")
    except KeyboardInterrupt:
        if not done:
            raise
    return done


def in_parallel[Answer](one: Callable[[int], Answer], numbers: Sequence[int]) -> Iterator[Answer]:
    """What becomes of the replications, in order, as many at a time as there are cores: data this small do not fill more."""
    # The first by itself, since two threads would compile the same programs.
    yield one(numbers[0])
    pool = ThreadPoolExecutor(max_workers=cores())
    try:
        yield from pool.map(in_double(one), numbers[1:])
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def quietly() -> Iterator[None]:
    """Without what EM warns of in single replications; once for all threads, which share the filters, and LAPACK's thread."""
    with one_blas_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        yield

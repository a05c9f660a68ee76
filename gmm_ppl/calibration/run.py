"""`calibrate`: many replications as lanes of one compiled program, a chunk at a time."""

import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl.calibration.engines import ENGINES, Engine
from gmm_ppl.calibration.quantities import flat, names, quantities
from gmm_ppl.calibration.ranks import lag_one, ranks
from gmm_ppl.calibration.replication import Setting, replicate
from gmm_ppl.compiled import compiled, make_room, one_blas_thread
from gmm_ppl.errors import FitError, FitWarning, InputError
from gmm_ppl.inference.arguments import check_count, check_seed
from gmm_ppl.inference.nuts.teams import in_double
from gmm_ppl.model.specification import Mixture, as_jax, resolved_prior
from gmm_ppl.processors import cores
from gmm_ppl.progress import Progress, watched
from gmm_ppl.types import Array, Bool, Float, Int, in_float64, to_numpy

DRAWS = 63
"""Draws that a truth is ranked among: ranks take 64 values."""

CHUNK = 100
"""Replications that a thread makes between two signs of progress, at most."""


class Replications(eqx.Module):
    """Replications, along a leading axis R.

    `truth` are the quantities at θ*, in their own units, and `ranks` theirs among the draws, 0 … L; `lag_one` the
    autocorrelation of consecutive draws; `usable` is False where the engine failed, and ranks then mean nothing.
    """

    truth: Float[Array, "R Q"]
    ranks: Int[Array, "R Q"]
    lag_one: Float[Array, "R Q"]
    usable: Bool[Array, " R"]
    notes: dict[str, Float[Array, " R"]]


@dataclass(frozen=True, eq=False)
class Calibration:
    """What a calibration came to.

    `found` has the replications that were made, `wanted` of which were asked for; `seconds` are elapsed, `cpu_seconds` those of
    all cores, compilation included.
    """

    mixture: Mixture
    engine: str
    rows: int
    features: int
    draws: int
    seed: int
    wanted: int
    names: tuple[str, ...]
    found: Replications
    seconds: float
    cpu_seconds: float

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
        engine: a name in `ENGINES`, or an engine.
        draws: L.
        seed: of everything; replication r has the same parameters and rows whatever R is.
        progress: called between chunks of replications.

    Returns:
        Ranks. Ctrl-C returns those of the chunks that are done, with a warning; before the first of them it is passed on.

    Raises:
        InputError: an improper prior, one without numbers, or arguments out of range.
        FitError: every replication failed.
    """
    function, name = find_engine(engine)
    check_arguments(mixture, rows, features, replications, draws)
    check_seed(seed)
    shape = mixture.shape(features)
    setting = Setting(as_jax(resolved_prior(mixture)), shape, rows)
    began, worked = time.perf_counter(), time.process_time()
    make_room()
    with watched(progress) as watching, one_blas_thread():
        found = run_chunks(setting, function, draws, jax.random.key(seed), replications, watching)
    if not found.usable.any():
        raise FitError(f"calibration: {name} left no draws in any of {len(found.usable)} replications.")
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    return Calibration(mixture, name, rows, features, draws, seed, replications, names(shape), found, seconds, cpu)


def find_engine(engine: str | Engine) -> tuple[Engine, str]:
    """An engine and what to call it; InputError lists the known ones."""
    if not isinstance(engine, str):
        return engine, getattr(engine, "__name__", type(engine).__name__)
    if engine not in ENGINES:
        raise InputError(f"engine: none is called {engine!r}; choose one of {', '.join(ENGINES)}.")
    return ENGINES[engine], engine


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


def run_chunks(setting: Setting, engine: Engine, draws: int, key: Array, replications: int, progress: Progress) -> Replications:
    """All replications, or those of the chunks that were done when Ctrl-C came."""
    lanes = lanes_of(replications)
    chunks: list[Replications] = []
    progress("Calibration", 0, replications, "compiling")
    try:
        for chunk in in_threads(setting, engine, draws, chunk_keys(key, replications, lanes)):
            chunks.append(chunk)
            done = min(len(chunks) * lanes, replications)
            progress("Calibration", done, replications, f"{sum(int(np.sum(~each.usable)) for each in chunks)} failed")
    except KeyboardInterrupt:
        if not chunks:
            raise
        made = min(len(chunks) * lanes, replications)
        if made < replications:
            warnings.warn(f"calibration: interrupted; {made} of {replications} replications were kept.", FitWarning, stacklevel=4)
    return jax.tree.map(lambda *leaves: np.concatenate(leaves)[:replications], *chunks)


def chunk_keys(key: Array, replications: int, lanes: int) -> list[Array]:
    """A key for each replication, by chunks. The last chunk is filled up, so that there is one program."""
    chunks = -(-replications // lanes)
    keys = jax.vmap(lambda each: jax.random.fold_in(key, each))(jnp.arange(chunks * lanes))
    return list(keys.reshape(chunks, lanes))


def in_threads(setting: Setting, engine: Engine, draws: int, keys: list[Array]) -> Iterator[Replications]:
    """The chunks in order, as many at a time as there are cores: operations this small do not fill more than one."""

    def one_chunk(each: Array) -> Replications:
        return to_numpy(jax.block_until_ready(one_by_one(setting, engine, draws, each)))

    # The first by itself, since two threads would compile the same program.
    yield one_chunk(keys[0])
    pool = ThreadPoolExecutor(max_workers=cores())
    try:
        yield from pool.map(in_double(one_chunk), keys[1:])
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def lanes_of(replications: int) -> int:
    """Replications a chunk, as few chunks as that allows, of one size."""
    chunks = -(-replications // CHUNK)
    return -(-replications // chunks)


@compiled
def one_by_one(setting: Setting, engine: Callable, draws: int, keys: Array) -> Replications:
    """One replication for each key, one after another: side by side each would wait for the longest trajectory of all."""
    return jax.lax.map(lambda key: one(setting, engine, draws, key), keys)


def one(setting: Setting, engine: Engine, draws: int, key: Array) -> Replications:
    """One replication: simulated, drawn from, ranked."""
    for_data, for_engine, for_ties = jax.random.split(key, 3)
    posterior, truth = replicate(setting, for_data)
    drawn = engine(posterior, for_engine, draws)
    sites = jax.vmap(posterior.constrain)(drawn.unconstrained)
    # Truth and draws together: one program to compile, and no difference between the two but their values.
    everything = jax.tree.map(lambda own, others: jnp.concatenate([own[None], others]), truth, sites)
    values = jax.vmap(lambda each: flat(quantities(posterior, each)))(everything)
    usable = drawn.usable & jnp.isfinite(values).all()
    return Replications(values[0], ranks(for_ties, values[0], values[1:]), lag_one(values[1:]), usable, drawn.notes)

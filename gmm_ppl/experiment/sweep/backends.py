"""Who does a sweep's runs: joblib's backends by name, each with a budget of threads for every worker.

To add one, write a context manager that registers it with joblib if need be and yields joblib's name of it, and name it in
`BACKENDS`.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import batched
from typing import Any

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.words import listed, suggestion
from gmm_ppl.processors import cores


@dataclass(frozen=True)
class Team:
    """How many workers, of how many threads each, under which of joblib's backends."""

    backend: str
    workers: int
    threads: int


def team_of(backend: str, workers: int | None, runs: int) -> Team:
    """The workers of a sweep: by default as many as there are processors, or runs if these are fewer; threads share the rest.

    Raises:
        InputError: an unknown backend, or fewer than one worker.
    """
    if backend not in BACKENDS:
        raise InputError(
            f"--backend: unknown backend '{backend}'{suggestion(backend, tuple(BACKENDS))} (known: {listed(BACKENDS)})"
        )
    if workers is not None and workers < 1:
        raise InputError(f"--workers: expected at least 1, got {workers}")
    wanted = min(workers or cores(), max(runs, 1))
    return Team(backend, wanted, max(1, cores() // wanted))


def answers[Answer](team: Team, function: Callable[..., Answer], calls: list[dict[str, Any]]) -> Iterator[Answer]:
    """What `function` answers to each of `calls`, in the order in which they end.

    Raises:
        InputError: the backend's library is not installed.
    """
    if team.workers == 1 and team.backend == "loky":
        yield from (function(**call, parent=None) for call in calls)
        return
    from joblib import Parallel, delayed, parallel_config
    from joblib.parallel import get_active_backend

    with BACKENDS[team.backend](team) as name, _budget(team.threads):
        inner = {"inner_max_num_threads": team.threads} if name == "loky" else {}
        with parallel_config(backend=name, n_jobs=team.workers, **inner):
            parent = os.getpid() if name == "loky" else 0
            backend: Any = get_active_backend()[0]
            # Ray answers with whole lists: as many at a time as there are workers, so that progress is seen.
            streams = backend.supports_return_generator
            work: Any = Parallel(return_as="generator_unordered" if streams else "list")
            for some in [calls] if streams else batched(calls, team.workers):
                yield from work(delayed(function)(**call, parent=parent) for call in some)


@contextmanager
def _budget(threads: int) -> Iterator[None]:
    """Let processes that are started meanwhile compute with that many threads: XLA reads `NPROC`."""
    before = os.environ.get("NPROC")
    os.environ["NPROC"] = str(threads)
    try:
        yield
    finally:
        if before is None:
            del os.environ["NPROC"]
        else:
            os.environ["NPROC"] = before


@contextmanager
def _loky(team: Team) -> Iterator[str]:
    """Processes on this machine, which end with the sweep."""
    try:
        yield "loky"
    except BaseException:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True, kill_workers=True)
        raise


@contextmanager
def _dask(team: Team) -> Iterator[str]:
    """The cluster that `DASK_SCHEDULER_ADDRESS` names, or one on this machine."""
    try:
        from distributed import Client, LocalCluster  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise _missing("dask", "distributed") from None
    quiet: dict[str, Any] = {"dashboard_address": None}
    address = os.environ.get("DASK_SCHEDULER_ADDRESS")
    with _budget(team.threads):
        cluster = address or LocalCluster(n_workers=team.workers, threads_per_worker=1, **quiet)
    with Client(cluster, set_as_default=True):
        try:
            yield "dask"
        finally:
            if not isinstance(cluster, str):
                cluster.close()


@contextmanager
def _ray(team: Team) -> Iterator[str]:
    """The cluster that `RAY_ADDRESS` names, or one on this machine."""
    try:
        from ray.util.joblib import register_ray  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise _missing("ray", "ray") from None
    register_ray()
    yield "ray"


def _missing(backend: str, package: str) -> InputError:
    return InputError(f"--backend {backend}: needs the package {package}; install it, as in `pip install {package}`, or use loky")


BACKENDS: Mapping[str, Callable[[Team], AbstractContextManager[str]]] = {"loky": _loky, "dask": _dask, "ray": _ray}

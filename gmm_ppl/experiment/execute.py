"""Run an experiment: EM, a sampler from its point, one labelled result, a report, all in one directory."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmm_ppl.data import Table
from gmm_ppl.experiment.build import Task, located
from gmm_ppl.experiment.clock import Clock
from gmm_ppl.experiment.engines import SAMPLERS, Engines, default_engines
from gmm_ppl.experiment.formats import Render
from gmm_ppl.experiment.journal import journal
from gmm_ppl.experiment.json_file import write_json
from gmm_ppl.experiment.loading import resolved, to_yaml
from gmm_ppl.experiment.provenance import device
from gmm_ppl.experiment.record import fingerprint_of, manifest, record_of, seeds_of
from gmm_ppl.experiment.store import MANIFEST, read_manifest, replacing
from gmm_ppl.experiment.unchanged import finished
from gmm_ppl.experiment.words import listed
from gmm_ppl.inference.base import DrawsFit, PointFit, Status
from gmm_ppl.progress import Progress, silent

if TYPE_CHECKING:
    from gmm_ppl.inference.errors.bootstrap import BootstrapFit

FEWEST_DRAWS = 4
"""Draws a chain below which an interrupted run has nothing to report."""

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """Where a run is, whether it was made now, a sentence that says so, and whether all draws that were asked for are there."""

    directory: Path
    ran: bool
    message: str
    whole: bool = True


def run(
    task: Task,
    directory: Path,
    *,
    render: Render,
    engines: Engines | None = None,
    progress: Progress = silent,
    force: bool = False,
    command: str = "",
    heeded: Callable[[], object] = lambda: None,
) -> Outcome:
    """Run a task and leave its directory, or nothing at all.

    Arguments:
        task: what `build` made of a config.
        directory: the run directory; replaced only once the new one is complete.
        render: writes the report.
        engines: the fitting functions; the package's own by default.
        progress: called as the work goes on.
        force: run even if `directory` holds a finished run of the same config, data and version.
        command: what was typed, for the record.
        heeded: called where a sampler was interrupted and its draws so far are kept: the run goes on to its report.

    Raises:
        InputError: the directory cannot be written, holds other things, or is being written by another run; or an
            engine refuses the data or the model.
        FitError: EM found no usable parameters.
        KeyboardInterrupt: the run was interrupted where there were no draws yet, or again; the directory is as it was before.
    """
    fingerprint = fingerprint_of(task)
    done = None if force else _done_already(directory, fingerprint)
    if done:
        return Outcome(directory, ran=False, message=done)
    clock = Clock()
    with replacing(directory) as partial:
        progress("Setup", 0, 0)
        with clock.stage("setup"):
            record, engines = record_of(task, command), engines or default_engines()
        progress("Setup", 1, 1)
        with journal(partial / "run.log"):
            whole = _fill(partial, task, engines, render, progress, clock, record, heeded)
        write_json(partial / MANIFEST, manifest(record, fingerprint, clock, partial, whole=whole))
    ended = "done" if whole else "interrupted, with a report of the draws so far,"
    return Outcome(directory, ran=True, message=f"{directory}: {ended} in {clock.total:.1f} s", whole=whole)


def _done_already(directory: Path, fingerprint: str) -> str | None:
    """What to say where the directory already holds this very run, else None."""
    found = read_manifest(directory)
    if found is None or found.get("fingerprint") != fingerprint:
        return None
    return finished(directory, found)


def _fill(
    partial: Path,
    task: Task,
    engines: Engines,
    render: Render,
    progress: Progress,
    clock: Clock,
    record: dict[str, Any],
    heeded: Callable[[], object],
) -> bool:
    """Write everything but the manifest; whether the sampler came to its end."""
    config = task.experiment.config
    _write_configs(partial, task)
    _log_data(task.table)
    with clock.stage("em"):
        point = _fit(task, engines, progress)
    with clock.stage("mcmc"):
        draws, whole = _sample(task, point, engines, progress)
    if not whole:
        heeded()
    with clock.stage("bootstrap"):
        replicates = _bootstrap(task, point, engines, progress)
    with clock.stage("results"):
        options = {"name": config.name, "seed": seeds_of(config)["results"], "bootstrap": replicates}
        # Draws from the prior stand beside those from the posterior; a point alone need not wait for their program.
        options |= {"relabelling": config.mcmc.relabelling} if config.mcmc else {"prior_draws": 0}
        tree = engines.to_datatree(draws or point, task.table, progress=progress, **options)
        tree.attrs["provenance"] = json.dumps({**record, "device": device(), "timings": clock.seconds})
        engines.save(tree, partial / "results.nc")
        write_json(partial / "metrics.json", engines.metrics(tree))
        engines.summary(tree).to_csv(partial / "summary.csv")
    with clock.stage("report"):
        progress("Report", 0, 0)
        render(partial, tree, config.report.formats)
        progress("Report", 1, 1)
    return whole


def _log_data(table: Table) -> None:
    LOGGER.info("%s: %d rows, features %s", table.source, len(table), listed(table.features))
    for remark in table.remarks:
        LOGGER.info("%s: %s", table.source, remark)


def _write_configs(partial: Path, task: Task) -> None:
    (partial / "config.yaml").write_bytes(task.experiment.source.content)
    text = to_yaml(resolved(task.experiment.config))
    (partial / "config.resolved.yaml").write_text(text, encoding="utf-8")


def _fit(task: Task, engines: Engines, progress: Progress) -> PointFit:
    config = task.experiment.config
    progress("EM", 0, 0)
    with located(task.experiment, ("model",)):
        options = config.em.model_dump(exclude={"bootstrap"})
        point = engines.fit(task.mixture, task.table, seed=seeds_of(config)["em"], progress=progress, **options)
    if point.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    LOGGER.info("EM: %s", point.status.value)
    LOGGER.info("EM: log-likelihood %.6f nats after %d iterations", point.log_likelihood, point.iterations)
    return point


def _sample(task: Task, point: PointFit, engines: Engines, progress: Progress) -> tuple[DrawsFit | None, bool]:
    """The draws, if any were asked for, and whether they are as many as that."""
    config = task.experiment.config
    if config.mcmc is None:
        return None, True
    sampler, options = config.mcmc.sampler, config.mcmc.model_dump(exclude={"sampler", "relabelling"})
    name = SAMPLERS[sampler][2]
    progress(name, 0, 0, "compiling")
    with located(task.experiment, ("mcmc",)):
        seed = seeds_of(config)["mcmc"]
        draws = engines.sample(sampler, task.mixture, task.table, start=point, seed=seed, progress=progress, **options)
    chains, kept = draws.sampler_statistics["lp"].shape
    if kept < FEWEST_DRAWS:
        raise KeyboardInterrupt
    LOGGER.info("%s: %d chains of %d draws in %.1f s", name, chains, kept, draws.seconds)
    return draws, kept == config.mcmc.draws


def _bootstrap(task: Task, point: PointFit, engines: Engines, progress: Progress) -> "BootstrapFit | None":
    config = task.experiment.config
    if config.em.bootstrap == 0:
        return None
    seed, replicates = seeds_of(config)["bootstrap"], config.em.bootstrap
    found = engines.bootstrap(task.mixture, task.table, start=point, replicates=replicates, seed=seed, progress=progress)
    LOGGER.info("Bootstrap: %d replicates in %.1f s", len(found.status), found.seconds)
    return found

"""Run an experiment: EM, a sampler from its point, one labelled result, a report, all in one directory."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmm_ppl.experiment.build import Task, located
from gmm_ppl.experiment.clock import Clock
from gmm_ppl.experiment.engines import Engines, default_engines
from gmm_ppl.experiment.files import write_json
from gmm_ppl.experiment.journal import journal
from gmm_ppl.experiment.loading import resolved, to_yaml
from gmm_ppl.experiment.record import fingerprint_of, manifest, record_of, seeds_of
from gmm_ppl.experiment.store import MANIFEST, read_manifest, replacing
from gmm_ppl.experiment.unchanged import finished
from gmm_ppl.experiment.words import listed
from gmm_ppl.inference.base import DrawsFit, PointFit, Status
from gmm_ppl.progress import Progress, silent

if TYPE_CHECKING:
    import xarray as xr

LOGGER = logging.getLogger(__name__)

type Render = Callable[[Path, "xr.DataTree", tuple[str, ...]], object]
"""Writes the report of a tree into a directory, in the formats named."""


@dataclass(frozen=True)
class Outcome:
    """Where a run is, whether it was made now, and a sentence that says so."""

    directory: Path
    ran: bool
    message: str


def run(
    task: Task,
    directory: Path,
    *,
    render: Render,
    engines: Engines | None = None,
    progress: Progress = silent,
    force: bool = False,
    command: str = "",
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

    Raises:
        InputError: the directory cannot be written, holds other things, or is being written by another run; or an
            engine refuses the data or the model.
        FitError: EM found no usable parameters.
        KeyboardInterrupt: the run was interrupted; the directory is as it was before.
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
            _fill(partial, task, engines, render, progress, clock, record)
        write_json(partial / MANIFEST, manifest(record, fingerprint, clock, partial))
    return Outcome(directory, ran=True, message=f"{directory}: done in {clock.total:.1f} s")


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
) -> None:
    """Write everything but the manifest."""
    config = task.experiment.config
    _write_configs(partial, task)
    LOGGER.info("%s: %d rows, features %s", task.table.source, len(task.table.values), listed(task.table.features))
    with clock.stage("em"):
        point = _fit(task, engines, progress)
    with clock.stage("mcmc"):
        draws = _sample(task, point, engines, progress)
    with clock.stage("results"):
        tree = engines.to_datatree(
            draws or point, task.table, name=config.name, seed=seeds_of(config)["results"], progress=progress
        )
        tree.attrs["provenance"] = json.dumps({**record, "timings": clock.seconds})
        engines.save(tree, partial / "results.nc")
        write_json(partial / "metrics.json", engines.metrics(tree))
        engines.summary(tree).to_csv(partial / "summary.csv")
    with clock.stage("report"):
        progress("Report", 0, 0)
        render(partial, tree, config.report.formats)
        progress("Report", 1, 1)


def _write_configs(partial: Path, task: Task) -> None:
    (partial / "config.yaml").write_bytes(task.experiment.source.content)
    text = to_yaml(resolved(task.experiment.config))
    (partial / "config.resolved.yaml").write_text(text, encoding="utf-8")


def _fit(task: Task, engines: Engines, progress: Progress) -> PointFit:
    config = task.experiment.config
    progress("EM", 0, 0, "compiling")
    with located(task.experiment, ("model",)):
        options = config.em.model_dump()
        point = engines.fit(task.mixture, task.table, seed=seeds_of(config)["em"], progress=progress, **options)
    if point.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    LOGGER.info("EM: %s", point.status.value)
    LOGGER.info("EM: log-likelihood %.6f nats after %d iterations", point.log_likelihood, point.iterations)
    return point


def _sample(task: Task, point: PointFit, engines: Engines, progress: Progress) -> DrawsFit | None:
    config = task.experiment.config
    if config.mcmc is None:
        return None
    options = config.mcmc.model_dump(exclude={"sampler"})
    progress("NUTS", 0, 0, "compiling")
    with located(task.experiment, ("mcmc",)):
        draws = engines.sample(task.mixture, task.table, start=point, seed=seeds_of(config)["mcmc"], progress=progress, **options)
    chains, kept = draws.sampler_statistics["diverging"].shape
    if kept < config.mcmc.draws:
        raise KeyboardInterrupt
    LOGGER.info("NUTS: %d chains of %d draws in %.1f s", chains, kept, draws.seconds)
    return draws

"""Calibrate what a config states: its prior, its engine, on simulated rows; all in one directory."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gmm_ppl.calibration.run import Calibration, calibrate, check_arguments, check_proper, find_engine
from gmm_ppl.calibration.verdict import LEVEL, Verdict, explained
from gmm_ppl.experiment.build import Task, located
from gmm_ppl.experiment.journal import journal
from gmm_ppl.experiment.json_file import write_json
from gmm_ppl.experiment.provenance import device
from gmm_ppl.experiment.record import record_of
from gmm_ppl.experiment.store import COMPLETE, FORMAT, MANIFEST, outputs_of, replacing
from gmm_ppl.model.specification import Mixture, resolved_prior
from gmm_ppl.progress import Progress, silent

LOGGER = logging.getLogger(__name__)

MOST_LINES = 12
"""Quantities that are printed; the page has all."""

type Render = Callable[[Path, Calibration, Verdict, dict[str, Any]], object]
"""Writes the page of a calibration into a directory; the last argument is what `calibration.json` holds."""


@dataclass(frozen=True)
class Plan:
    """What is to be calibrated; `mixture` has the prior's numbers, from the config or scaled to its data.

    `em` is what the config says of EM; `mcmc` its sampler's settings, if that is the engine.
    """

    task: Task
    mixture: Mixture
    rows: int
    features: int
    replications: int
    engine: str
    em: dict[str, Any]
    mcmc: dict[str, Any]


def plan(task: Task, *, rows: int | None, replications: int, engine: str | None) -> Plan:
    """A plan, checked; the number of rows is the data's if None, and the engine the config's sampler.

    Raises:
        InputError: an improper prior (with its place in the config), an unknown engine, or a count below one.
    """
    mixture = task.mixture.resolve(task.table.values)
    count, features = task.table.values.shape
    config = task.experiment.config
    own = config.mcmc.sampler if config.mcmc else "nuts"
    engine = engine or own
    find_engine(engine, {})
    with located(task.experiment, ("model", "prior")):
        check_proper(mixture)
    check_arguments(mixture, count if rows is None else rows, features, replications, 1)
    settings = config.mcmc.model_dump(exclude={"sampler", "relabelling"}) if config.mcmc and engine == own else {}
    em = config.em.model_dump(exclude={"bootstrap"}, exclude_defaults=True)
    return Plan(task, mixture, count if rows is None else rows, features, replications, engine, em, settings)


def run(
    planned: Plan, directory: Path, *, render: Render, progress: Progress = silent, command: str = ""
) -> tuple[Calibration, Verdict]:
    """Calibrate, and leave `directory` with the page, the ranks and the record, or nothing at all.

    Ctrl-C after the first chunk of replications keeps those that are done.

    Raises:
        InputError: the directory cannot be written or holds other things.
        FitError: every replication failed.
        KeyboardInterrupt: interrupted before there was anything to keep.
    """
    seed = planned.task.experiment.config.seed
    record = {**record_of(planned.task, command), "device": device(), "seeds": {"calibration": seed}}
    with replacing(directory) as partial:
        with journal(partial / "run.log"):
            found = calibrate(
                planned.mixture,
                rows=planned.rows,
                features=planned.features,
                replications=planned.replications,
                engine=planned.engine,
                em=planned.em,
                mcmc=planned.mcmc,
                seed=seed,
                progress=progress,
            )
            LOGGER.info("Calibration: %d replications in %.1f s, %d failed", found.made, found.seconds, found.failed)
            verdict = explained(found, progress)
        report = {**summary(found, verdict), **record}
        save_ranks(found, partial / "ranks.npz")
        write_json(partial / "calibration.json", report)
        render(partial, found, verdict, report)
        # No config in it: `gmm-ppl run` must not take this directory for a run of its own.
        write_json(partial / MANIFEST, {"format": FORMAT, "status": COMPLETE, "outputs": outputs_of(partial)})
    return found, verdict


def summary(found: Calibration, verdict: Verdict) -> dict[str, Any]:
    """What `calibration.json` says besides the record."""
    notes = {name: {"mean": float(np.mean(each)), "max": float(np.max(each))} for name, each in found.notes.items()}
    return {
        "calibrated": verdict.calibrated,
        "verdict": verdict.sentence,
        "level": LEVEL,
        "flagged": verdict.flagged,
        "engine": found.engine,
        "fault": asdict(verdict.fault) if verdict.fault else None,
        "replications": {"wanted": found.wanted, "made": found.made, "failed": found.failed},
        "draws": found.draws,
        "rows": found.rows,
        "features": found.features,
        "model": {
            "components": found.mixture.components,
            "covariance": found.mixture.covariance,
            "prior": resolved_prior(found.mixture).numbers(),
        },
        "tests": [
            {**asdict(test), "median_lag_one": float(each)} for test, each in zip(verdict.tests, found.lag_one, strict=True)
        ],
        "engine_notes": notes,
        "timings": {"seconds": round(found.seconds, 3), "cpu_seconds": round(found.cpu_seconds, 3)},
    }


def save_ranks(found: Calibration, path: Path) -> None:
    """Names (Q,), ranks (R, Q), the truths (R, Q) and which replications did not fail (R,)."""
    each = found.found
    np.savez_compressed(
        path, names=np.array(found.names), ranks=each.ranks, truth=each.truth, usable=each.usable, draws=found.draws
    )


def lines(found: Calibration, verdict: Verdict) -> Iterator[str]:
    """The verdict on one screen: a sentence, and the quantities with the smallest p-values."""
    yield verdict.sentence
    yield f"{found.engine}: {found.made:,} replications of {found.rows:,} rows, {found.failed:,} failed, {found.seconds:.0f} s"
    ordered = sorted(verdict.tests, key=lambda test: test.adjusted_p)[:MOST_LINES]
    width = max(len(test.name) for test in ordered)
    yield f"{'quantity':{width}}  chi2 p  band p  adjusted p"
    for test in ordered:
        yield f"{test.name:{width}}  {test.chi_squared_p:6.3f}  {test.ecdf_p:6.3f}  {test.adjusted_p:10.3f}"
    if len(verdict.tests) > MOST_LINES:
        yield f"and {len(verdict.tests) - MOST_LINES} more with larger p-values"

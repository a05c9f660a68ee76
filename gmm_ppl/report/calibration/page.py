"""A calibration as a page, and the page as files."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from gmm_ppl.calibration.engines import ENGINES
from gmm_ppl.calibration.run import Calibration
from gmm_ppl.calibration.verdict import LEVEL, Verdict
from gmm_ppl.model.specification import resolved_prior
from gmm_ppl.report.calibration.coverage import coverage_blocks
from gmm_ppl.report.calibration.figure import ranks_figure
from gmm_ppl.report.checks.posterior import RHAT_BAD
from gmm_ppl.report.numbers import count, decimals, number, percent, plural, probability, seconds
from gmm_ppl.report.page import (
    Block,
    Callout,
    CodeBlock,
    Column,
    Facts,
    Formula,
    Headline,
    Page,
    Section,
    Standing,
    TableBlock,
    Tone,
    paragraph,
)
from gmm_ppl.report.write import write_page

CORRELATED = 0.3
"""Lag-one autocorrelation of kept draws from which ranks pile up at both ends by themselves."""


def write_calibration(directory: Path, calibration: Calibration, verdict: Verdict, record: Mapping[str, object]) -> None:
    """Write `calibration.html` (one self-contained file), `calibration.md` and the figure beside it."""
    write_page(calibration_page(calibration, verdict, record), directory, "calibration")


def calibration_page(calibration: Calibration, verdict: Verdict, record: Mapping[str, object]) -> Page:
    """The page as plain data."""
    size = f"{plural(calibration.rows, 'row')} × {plural(calibration.features, 'feature')}"
    mixture = calibration.mixture
    subtitle = f"Calibration of {calibration.engine} · {mixture.components} × {mixture.covariance} covariance · {size}"
    day = str(record.get("started_at", ""))[:10]
    sections = (
        Section("verdict", "Verdict", tuple(_verdict(calibration, verdict))),
        Section("ranks", "Ranks", tuple(_ranks(calibration, verdict))),
        Section("intervals", "Intervals", tuple(coverage_blocks(calibration))),
        Section("assumed", "What was done", tuple(_assumed(calibration))),
        Section("reproducibility", "Reproducibility", tuple(_record(calibration, record))),
    )
    return Page(
        ": ".join(filter(None, [str(record.get("name", "")), "calibration"])), " · ".join(filter(None, [subtitle, day])), sections
    )


def _verdict(calibration: Calibration, verdict: Verdict) -> Iterator[Block]:
    doubtful = calibration.failed or calibration.made < calibration.wanted
    tone = Tone.BAD if not verdict.calibrated else Tone.CAUTION if doubtful else Tone.GOOD
    yield Headline(tone, verdict.sentence, (_of_ranks(verdict), _of_replications(calibration), _of_draws(calibration)))
    if not verdict.calibrated:
        yield Callout(
            Tone.BAD,
            "Ranks are not uniform",
            f"Of {', '.join(verdict.flagged)}.",
            (verdict.fault.sentence if verdict.fault else "Nobody looked which is at fault, the engine or the posterior.")
            + " The shape of each line in the figure says in which direction draws are wrong.",
        )


def _of_ranks(verdict: Verdict) -> Standing:
    total, flagged = len(verdict.tests), len(verdict.flagged)
    sentence = f"{total - flagged} of {total} quantities compatible with uniform at a family-wise level of {LEVEL:g}."
    return Standing(Tone.BAD if flagged else Tone.GOOD, "Ranks", sentence)


def _of_replications(calibration: Calibration) -> Standing:
    tone = Tone.CAUTION if calibration.failed or calibration.made < calibration.wanted else Tone.GOOD
    made = f"{count(calibration.made)} of {count(calibration.wanted)} made, {count(calibration.failed)} failed"
    return Standing(tone, "Replications", f"{made}; a failed one leaves no ranks and is left out of every test.")


def _of_draws(calibration: Calibration) -> Standing:
    largest = float(calibration.lag_one.max())
    apart = float(np.mean(calibration.notes["r_hat"] > RHAT_BAD))
    sentence = (
        f"{calibration.draws} a replication; median lag-one autocorrelation at most {decimals(largest, 2)} in any quantity; "
        f"R-hat above {RHAT_BAD:g} in {percent(apart)} of replications."
    )
    return Standing(Tone.CAUTION if largest > CORRELATED else Tone.GOOD, "Draws", sentence)


def _ranks(calibration: Calibration, verdict: Verdict) -> Iterator[Block]:
    figure = ranks_figure(calibration, verdict)
    if figure is not None:
        yield figure
    yield _table(calibration, verdict)
    yield _reading()


def _table(calibration: Calibration, verdict: Verdict) -> TableBlock:
    titles = ("χ² p", "band p", "adjusted p", "lag-one")
    columns = (Column("quantity", numeric=False), Column("outcome", numeric=False), *map(Column, titles))
    tones = tuple(Tone.BAD if test.name in verdict.flagged else Tone.GOOD for test in verdict.tests)
    rows = tuple(
        (test.name, tone.value, *map(probability, (test.chi_squared_p, test.ecdf_p, test.adjusted_p)), decimals(each, 2))
        for test, tone, each in zip(verdict.tests, tones, calibration.lag_one, strict=True)
    )
    return TableBlock(columns, rows, "Tests of uniform ranks, by quantity", tones)


def _reading() -> Block:
    return paragraph(
        "χ² counts ranks in equally wide bins; the band is the simultaneous one of Säilynoja, Bürkner & Vehtari (2022), adjusted "
        "by simulation. The adjusted p is the smaller of the two after Holm's correction for all tests here. Components are "
        "counted from 0 in order of their first feature's mean, in truth and draws alike. Log likelihood and log posterior "
        "are of all simulated rows, log density is that of the first, and same component is the probability that the first "
        "two rows share one."
    )


def _assumed(calibration: Calibration) -> Iterator[Block]:
    mixture = calibration.mixture
    prior = resolved_prior(mixture)
    yield paragraph(
        f"{count(calibration.made)} times: parameters from the prior below, with these very numbers; "
        f"{plural(calibration.rows, 'row')} of {plural(calibration.features, 'feature')} from the mixture that they make; "
        f"{calibration.draws} draws, taken evenly from those of the engine, which is not told the parameters and begins, warms "
        "up and moves as the config says, but for how many draws NUTS makes; the rank of the truth among them. If the "
        "draws are from the posterior, every rank is equally likely (Talts et al. 2018). The rows that the config "
        "names set the prior's numbers, and enter in no other way: this page says nothing on whether the model fits them."
    )
    for formula in prior.formulae(mixture.shape(calibration.features)):
        yield Formula(formula)
    summary = (getattr(ENGINES.get(calibration.engine), "__doc__", None) or "").strip().partition("\n")[0]
    yield Facts(
        (
            ("engine", ": ".join(filter(None, [calibration.engine, summary]))),
            *((f"{name.replace('_', ' ')}, mean and largest", _range(each)) for name, each in calibration.notes.items()),
        )
    )
    yield paragraph(
        "Nothing but these data sets was tried. A prior as weak as the default makes many in which a component holds no more "
        "than a few rows, which are harder than most data that one would fit a mixture to."
    )


def _range(values: np.ndarray) -> str:
    return f"{number(float(values.mean()), digits=3)}, {number(float(values.max()), digits=3)}"


def _record(calibration: Calibration, record: Mapping[str, object]) -> Iterator[Block]:
    if record.get("command"):
        yield CodeBlock(str(record["command"]))
    elapsed = f"{seconds(calibration.seconds)}, {seconds(calibration.cpu_seconds)} of processor time, compilation included"
    shown = ("versions", "device", "data", "git")
    known = [(name, _in_words(record[name])) for name in shown if record.get(name)]
    yield Facts((("seed", str(calibration.seed)), ("time", elapsed), *known))


def _in_words(value: object) -> str:
    """`python 3.12, jax 0.10` for a mapping."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_in_words(each)}" for name, each in value.items())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

"""Reports of engines other than NUTS: what does not apply is left out, what they alone say is there."""

from dataclasses import replace

import pytest

from gmm_ppl.report import build_page, write_report
from gmm_ppl.report.checks import Measurements, ModesMeasurements, run_checks
from gmm_ppl.report.page import Facts, TableBlock, Tone
from gmm_ppl.results.datatree import to_datatree
from tests.report.test_page import section, table
from tests.report.test_verdict import GOOD, POSTERIOR, check_named
from tests.results.engines import ROWS, laplace_fit, tempered_fit, two_modes
from tests.results.fits import table as rows

QUICK = {"prior_draws": 0, "predictive_draws": 5}
OF_CHAINS = {"R-hat", "ESS, bulk", "ESS, tail"}
OF_NUTS = {"Divergences", "Tree depth", "E-BFMI", "Label switches"}


@pytest.fixture(scope="module")
def tempered():
    return to_datatree(tempered_fit(), rows(), **QUICK)


@pytest.fixture(scope="module")
def laplace():
    return to_datatree(laplace_fit(), rows(), **QUICK)


def checks(page) -> set[str]:
    return {row[0] for row in table(page, "verdict", "All checks").rows}


def words(page, key: str) -> str:
    return "".join(str(part) for block in section(page, key).blocks for part in getattr(block, "parts", ()))


def test_a_tempered_report(tempered, tmp_path):
    page = build_page(tempered)
    assert checks(page) >= {"Log evidence", *OF_CHAINS}
    assert not checks(page) & {"Normal approximation", *OF_NUTS}
    assert "by tempered sequential Monte Carlo from the prior, in 1.5 s." in words(page, "sampler")
    assert "Label switches" not in words(page, "sampler")
    chains = table(page, "sampler", "The chains")
    assert [column.title for column in chains.columns] == [
        "chain", "temperatures", "ancestors among the prior’s draws", "effective particles", "log evidence, nats",
    ]  # fmt: skip
    assert chains.rows == (("0", "11", "40", "21", "−210.60"), ("1", "12", "50", "30", "−210.40"))
    evidence = next(row for row in table(page, "verdict", "All checks").rows if row[0] == "Log evidence")
    assert "± 0.10 nats; 2 runs within 0.20 nats, 21 effective particles in the worst" in map(str, evidence)
    assert facts(page)["log evidence"] == "−210.50 ± 0.10 nats (standard error), every labelling counted"
    assert all(path.exists() for path in write_report(tempered, tmp_path))


def test_a_laplace_report(laplace, tmp_path):
    page = build_page(laplace)
    assert checks(page) >= {"Normal approximation", "Log evidence"}
    assert not checks(page) & {*OF_CHAINS, *OF_NUTS}
    assert "from the normal (Laplace) approximation at the posterior’s mode" in words(page, "sampler")
    assert "sample_stats/log_weight" in words(page, "sampler")
    assert not [
        block for block in section(page, "sampler").blocks if isinstance(block, TableBlock) and block.caption == "The chains"
    ]
    assert facts(page) == {
        "log evidence": "−210.50 ± 0.02 nats (standard error), every labelling counted",
        "Pareto k̂": "0.31; limit 0.7: the approximation is usable",
        "flattest curvature over steepest": "0.400 (a mode has more than 0)",
    }
    assert all(path.exists() for path in write_report(laplace, tmp_path))


def facts(page) -> dict[str, str]:
    return dict(next(block for block in section(page, "sampler").blocks if isinstance(block, Facts)).rows)


def test_chains_apart_are_said_plainly():
    page = build_page(to_datatree(two_modes(), ROWS, **QUICK))
    assert "Chains 0 and 2 sit in mode 0, chains 1 and 3 in mode 1" in words(page, "sampler")
    modes = table(page, "sampler", "Modes that EM climbs to from 200 draws")
    assert [row[4:] for row in modes.rows] == [("100 %", "0 %", "100 %", "0 %"), ("0 %", "100 %", "0 %", "100 %")]
    assert [row[2] for row in modes.rows] == ["50 %", "50 %"]
    assert "Modes" in checks(page)


def posterior(**changes: object) -> Measurements:
    return replace(GOOD, posterior=replace(POSTERIOR, **changes))


@pytest.mark.parametrize(
    ("name", "change", "tone"),
    [
        ("Normal approximation", {"approximation_k": 0.7}, Tone.GOOD),
        ("Normal approximation", {"approximation_k": 0.71}, Tone.BAD),
        ("Normal approximation", {"approximation_k": float("nan")}, Tone.BAD),
        ("Log evidence", {"log_evidence_error": 0.5}, Tone.GOOD),
        ("Log evidence", {"log_evidence_error": 0.51}, Tone.CAUTION),
        ("Log evidence", {"log_evidence_error": float("nan")}, Tone.CAUTION),
        ("Log evidence", {"log_evidence_error": 2.1}, Tone.BAD),
        ("Log evidence", {"log_evidence_error": float("inf")}, Tone.BAD),
        ("Modes", {"modes": ModesMeasurements(1, apart=False, sentence="")}, Tone.GOOD),
        ("Modes", {"modes": ModesMeasurements(2, apart=True, sentence="")}, Tone.BAD),
    ],
)
def test_limits(name: str, change: dict, tone: Tone) -> None:
    assert check_named(name, posterior(**change)).tone is tone


def test_advice_is_the_engines_own():
    apart = ModesMeasurements(2, apart=True, sentence="Chain 0 sits in mode 0, chain 1 in mode 1.")
    assert "mcmc: {sampler: tempered}" in check_named("Modes", posterior(modes=apart)).advice
    assert check_named("Modes", posterior(modes=apart, engine="tempered")).advice == "Raise mcmc.draws and mcmc.moves."
    bad = posterior(approximation_k=0.9)
    assert check_named("Normal approximation", bad).advice == "Sample the posterior instead: mcmc: {sampler: nuts}."


def test_checks_of_what_is_not_there_are_left_out():
    found = posterior(divergences=None, saturated=None, bfmi=None, engine="laplace")
    assert not {check.name for check in run_checks(found)} & {*OF_CHAINS, *OF_NUTS}

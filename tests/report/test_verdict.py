"""Every check on either side of its limit, and the sentence that follows."""

import math
from dataclasses import replace

import pytest

from gmm_ppl.inference.base import Caution
from gmm_ppl.report.checks import (
    Check,
    Extreme,
    Measurements,
    PointMeasurements,
    PosteriorMeasurements,
    run_checks,
)
from gmm_ppl.report.page import Tone
from gmm_ppl.report.verdict import conclude, warnings

POINT = PointMeasurements(
    status="CONVERGED", message="converged", starts=20, reached=14, places=9, optima=2, runner_up=8.0,
    counts=(175.2, 96.8), components=(0, 1), n_features=2,
)  # fmt: skip
POSTERIOR = PosteriorMeasurements(
    chains=4, draws=1000, max_rhat=Extreme(1.004, "means[0, waiting]"), min_ess_bulk=Extreme(3100.0, "weights[0]"),
    min_ess_tail=Extreme(2500.0, "weights[0]"), divergences=0, depth_limit=10, saturated=0.0, bfmi=(0.9, 1.0, 0.95, 1.1),
    label_switches=0, max_abs_z=Extreme(0.6, "weights[0]"),
)  # fmt: skip
GOOD = Measurements(POINT, POSTERIOR, (0.1, 0.4, -0.2))
G, C, B = Tone.GOOD, Tone.CAUTION, Tone.BAD


def check_named(name: str, found: Measurements) -> Check:
    return next(check for check in run_checks(found) if check.name == name)


@pytest.mark.parametrize(
    ("name", "change", "tone"),
    [
        ("EM status", {"status": "CONVERGED"}, G),
        ("EM status", {"status": "STEP_LIMIT"}, C),
        ("EM status", {"status": "INTERRUPTED"}, C),
        ("EM status", {"status": "NON_FINITE"}, B),
        ("EM status", {"status": "COLLAPSED"}, B),
        ("EM status", {"status": "DECREASED"}, C),
        ("EM status", {"status": "SOMETHING_ELSE"}, B),
        ("Best optimum", {"reached": 2, "places": 2}, G),
        ("Best optimum", {"reached": 1, "places": 1}, C),
        ("Best optimum", {"reached": 20, "places": 1, "optima": 1, "runner_up": math.inf}, C),
        ("Best optimum", {"starts": 1, "reached": 1, "places": 1, "optima": 1, "runner_up": math.inf}, C),
        ("Best optimum", {"starts": 1, "reached": 1, "places": 1, "counts": (9.0,), "components": (0,)}, G),
        ("Best optimum", {"runner_up": 3.0}, G),
        ("Best optimum", {"runner_up": 2.99}, C),
        ("EM cautions", {"cautions": (Caution("a spike", "One row has a component.", "Take fewer."),)}, C),
        ("Smallest component", {"counts": (269.0, 3.0)}, G),
        ("Smallest component", {"counts": (269.1, 2.9)}, C),
        ("Smallest component", {"counts": (math.nan, 2.0)}, C),
    ],
)
def test_checks_of_the_point(name: str, change: dict, tone: Tone) -> None:
    found = replace(GOOD, point=replace(POINT, **change), posterior=None)
    assert check_named(name, found).tone is tone


@pytest.mark.parametrize(
    ("name", "change"), [("Best optimum", {"runner_up": 0.1}), ("Smallest component", {"counts": (270.0, 2.0)})]
)
def test_what_draws_have_seen_is_a_note(name: str, change: dict) -> None:
    """A near rival and a component on two rows make a point a poor summary, not draws that have been to both."""
    found = replace(GOOD, point=replace(POINT, **change))
    assert check_named(name, found).tone is Tone.NEUTRAL
    normal = replace(found, posterior=replace(POSTERIOR, engine="laplace"))
    assert check_named(name, normal).tone is Tone.CAUTION
    assert conclude(run_checks(found)).sentence.startswith("The EM fit and the posterior can be trusted")


@pytest.mark.parametrize(
    ("name", "change", "tone"),
    [
        ("R-hat", {"max_rhat": Extreme(1.01, "a")}, G),
        ("R-hat", {"max_rhat": Extreme(1.0101, "a")}, C),
        ("R-hat", {"max_rhat": Extreme(1.0501, "a")}, B),
        ("R-hat", {"max_rhat": Extreme(math.nan, "a")}, B),
        ("ESS, bulk", {"min_ess_bulk": Extreme(400.0, "a")}, G),
        ("ESS, bulk", {"min_ess_bulk": Extreme(399.0, "a")}, C),
        ("ESS, bulk", {"min_ess_bulk": Extreme(99.0, "a")}, B),
        ("ESS, bulk", {"min_ess_bulk": Extreme(399.0, "a"), "chains": 3}, G),
        ("ESS, tail", {"min_ess_tail": Extreme(400.0, "a")}, G),
        ("ESS, tail", {"min_ess_tail": Extreme(399.0, "a")}, C),
        ("ESS, tail", {"min_ess_tail": Extreme(math.nan, "a")}, B),
        ("Divergences", {"divergences": 0}, G),
        ("Divergences", {"divergences": 1}, C),
        ("Divergences", {"divergences": 40}, C),
        ("Divergences", {"divergences": 41}, B),
        ("Tree depth", {"saturated": 0.0}, G),
        ("Tree depth", {"saturated": 0.00025}, Tone.NEUTRAL),
        ("E-BFMI", {"bfmi": (0.3, 1.0)}, G),
        ("E-BFMI", {"bfmi": (0.29, 1.0)}, C),
        ("EM against posterior", {"max_abs_z": Extreme(3.0, "a")}, G),
        ("EM against posterior", {"max_abs_z": Extreme(3.01, "a")}, C),
        ("EM against posterior", {"max_abs_z": Extreme(10.0, "a")}, C),
        ("EM against posterior", {"max_abs_z": Extreme(10.01, "a")}, B),
        ("EM against posterior", {"max_abs_z": Extreme(math.nan, "a")}, B),
        ("Prior", {"prior_shift": Extreme(-1.0, "a")}, G),
        ("Prior", {"prior_shift": Extreme(-1.01, "a")}, C),
        ("Label switches", {"label_switches": 40}, G),
        ("Label switches", {"label_switches": 41}, Tone.NEUTRAL),
    ],
)
def test_checks_of_the_posterior(name: str, change: dict, tone: Tone) -> None:
    found = replace(GOOD, posterior=replace(POSTERIOR, **change))
    assert check_named(name, found).tone is tone


@pytest.mark.parametrize(("k", "tone"), [((0.7,), G), ((0.1, 0.71), C), ((0.1, 1.0), C), ((1.01, 0.1), B), ((0.1, math.nan), B)])
def test_check_of_the_score(k: tuple[float, ...], tone: Tone) -> None:
    assert check_named("Pareto k", replace(GOOD, pareto_k=k)).tone is tone


def test_what_was_not_run_is_not_checked() -> None:
    names = [check.name for check in run_checks(Measurements(POINT))]
    assert names == ["EM status", "Best optimum", "Smallest component"]


@pytest.mark.parametrize(
    ("found", "tone", "sentence"),
    [
        (GOOD, G, "The EM fit and the posterior can be trusted: all 12 checks passed."),
        (
            Measurements(POINT), G,
            "The EM fit can be trusted as a point; no posterior was drawn, so nothing says how uncertain it is.",
        ),
        (
            replace(GOOD, pareto_k=(0.8,)), C,
            "The EM fit and the posterior can be trusted; take care with the leave-one-out score: largest Pareto k 0.80.",
        ),
        (
            replace(GOOD, pareto_k=(1.2,)), C,
            "The EM fit and the posterior can be trusted; do not use the leave-one-out score: largest Pareto k 1.20.",
        ),
        (
            replace(GOOD, posterior=replace(POSTERIOR, label_switches=90)), G,
            "The EM fit and the posterior can be trusted: all 11 checks passed.",
        ),
        (
            replace(GOOD, posterior=replace(POSTERIOR, divergences=1, label_switches=90)), C, "Use with care: 1 divergence.",
        ),
        (
            replace(GOOD, posterior=replace(
                POSTERIOR, divergences=1, bfmi=(0.1,), max_rhat=Extreme(1.02, "x"), max_abs_z=Extreme(4.0, "x"),
            )), C,
            "Use with care: largest R-hat 1.020, 1 divergence, smallest E-BFMI 0.10 and 1 more.",
        ),
        (
            replace(GOOD, posterior=replace(POSTERIOR, max_rhat=Extreme(1.3, "means[0, x]"), divergences=1)), B,
            "Do not use the posterior draws: largest R-hat 1.300. The EM point stands.",
        ),
        (
            Measurements(replace(POINT, status="COLLAPSED", message="A component emptied: use fewer components.")), B,
            "Do not use this fit: EM status “collapsed”.",
        ),
    ],
)  # fmt: skip
def test_the_verdict_in_one_sentence(found: Measurements, tone: Tone, sentence: str) -> None:
    headline = conclude(run_checks(found))
    assert headline.sentence == sentence
    assert headline.tone is tone
    assert [standing.subject for standing in headline.standings] == ["EM point", "Posterior draws", "Predictive score"]


def test_warnings_come_with_evidence_limit_and_advice_the_worst_first() -> None:
    posterior = replace(POSTERIOR, divergences=2, max_rhat=Extreme(1.3, "means[1, waiting]"))
    raised = warnings(run_checks(replace(GOOD, posterior=posterior)))
    assert [(callout.tone, callout.title) for callout in raised] == [(B, "R-hat"), (C, "Divergences")]
    assert raised[0].finding == "The chains disagree: R-hat is 1.300 for means[1, waiting]. Limit: ≤ 1.01."
    assert raised[0].advice.startswith("Do not use the draws.")
    assert raised[1].finding == "2 transitions diverged (<0.1 %): parts of the posterior were not explored. Limit: 0."


def test_an_unfinished_fit_says_what_to_do() -> None:
    message = "Stopped at the step limit before the objective settled: raise max_steps, or loosen the tolerance."
    callout = warnings(run_checks(Measurements(replace(POINT, status="STEP_LIMIT", message=message))))[0]
    assert callout.finding == "Stopped at the step limit before the objective settled. Limit: converged."
    assert callout.advice == "Raise max_steps, or loosen the tolerance."


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"reached": 1, "places": 1}, "The best optimum was found by one of 20 starts only."),
        ({"reached": 20, "places": 1}, "The 20 of 20 starts that found the best optimum all began in one place."),
        ({"starts": 1, "reached": 1, "places": 1}, "EM ran from one start only, so nothing says that its optimum is the best."),
    ],
)
def test_starts_that_began_in_one_place_agree_about_nothing(change: dict, finding: str) -> None:
    callout = warnings(run_checks(Measurements(replace(POINT, **change))))[0]
    assert callout.finding == f"{finding} Limit: ≥ 2 starts from different places; next ≥ 3 nats below."
    assert callout.advice.startswith("Raise em.starts, with em.start: several")


def test_rows_with_a_large_pareto_k_are_named() -> None:
    callout = warnings(run_checks(replace(GOOD, pareto_k=(0.1, 0.8, 0.2, 0.9))))[0]
    assert callout.finding == ("The leave-one-out score is unreliable: 2 rows (1, 3) with Pareto k above 0.7. Limit: ≤ 0.7.")


def test_a_tiny_component_is_named_with_its_rows() -> None:
    callout = warnings(run_checks(Measurements(replace(POINT, counts=(270.6, 1.4)))))[0]
    assert callout.finding == (
        "Too few expected rows to determine a covariance: component 1 (1.4). Limit: ≥ D + 1 = 3 expected rows."
    )


@pytest.mark.parametrize(("z", "elsewhere"), [(4.0, False), (60.0, True)])
def test_chains_that_are_elsewhere_than_em_are_said_to_be(z: float, elsewhere: bool) -> None:
    found = replace(GOOD, posterior=replace(POSTERIOR, max_abs_z=Extreme(z, "means[0, x]")))
    callout = warnings(run_checks(found))[0]
    assert ("The chains are elsewhere than EM" in callout.finding) is elsewhere
    assert callout.advice.startswith("The chains found another mode" if elsewhere else "Either the posterior is very skewed")
    assert conclude(run_checks(found)).sentence == (
        "Do not use the posterior draws: EM 60.0 sd from the posterior. The EM point needs care too."
        if elsewhere
        else "Use with care: EM 4.0 sd from the posterior."
    )


def test_more_draws_are_not_advised_while_chains_disagree() -> None:
    few = replace(POSTERIOR, min_ess_bulk=Extreme(7.0, "weights[0]"))
    apart = replace(few, max_rhat=Extreme(1.9, "weights[0]"))
    assert check_named("ESS, bulk", replace(GOOD, posterior=few)).advice == "Raise mcmc.draws."
    assert check_named("ESS, bulk", replace(GOOD, posterior=apart)).advice == (
        "More draws will not help while the chains disagree."
    )

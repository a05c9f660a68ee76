"""Checks of the EM fit: its status, whether its optimum is the best there is, whether every component has rows, and cautions."""

from gmm_ppl.inference.status import Status
from gmm_ppl.report.checks.base import Check, Measurements, Part, PointMeasurements
from gmm_ppl.report.numbers import count, decimals, plural
from gmm_ppl.report.page import Tone

RIVAL_NATS = 3.0
_BRIEF = {
    Status.CONVERGED.name: "converged",
    Status.ELSEWHERE.name: "EM collapsed, sampling began at the weak prior's mode",
}


def status(found: Measurements) -> Check:
    """The status with which EM ended; its message names the remedy after a colon."""
    point = found.point
    words = point.status.lower().replace("_", " ")
    finding, _, advice = point.message.partition(": ")
    return Check(
        name="EM status",
        part=Part.POINT,
        tone=Tone.GOOD if point.status == Status.CONVERGED.name else Tone.CAUTION if _usable(point.status) else Tone.BAD,
        measured=words,
        limit="converged",
        brief=_BRIEF.get(point.status, f"EM status “{words}”"),
        finding=f"{finding.rstrip('.')}.",
        advice=advice[:1].upper() + advice[1:],
    )


def _usable(name: str) -> bool:
    return name in Status.__members__ and Status[name].usable


def optimum(found: Measurements) -> Check:
    """Whether starts that began in different places found the best optimum, and no rival comes close to it."""
    point = found.point
    rival = point.runner_up < RIVAL_NATS
    alone = point.places < 2 and len(point.counts) > 1
    return Check(
        name="Best optimum",
        part=Part.POINT,
        tone=Tone.CAUTION if alone else noted(found) if rival else Tone.GOOD,
        measured=_optimum_measured(point),
        limit=f"≥ 2 starts from different places; next ≥ {RIVAL_NATS:g} nats below",
        brief=f"{_reached(point)} agree on the optimum",
        finding=_alone(point) if alone else _rival(point),
        advice="Raise em.starts, with em.start: several; a better optimum may not have been found yet."
        if alone
        else "Compare the two solutions: the data hardly tell them apart. Chains begin at both: read the draws.",
    )


def noted(found: Measurements) -> Tone:
    """The tone of what makes a point a poor summary: a note where chains have been everywhere that it leaves out."""
    return Tone.CAUTION if found.posterior is None or found.posterior.engine == "laplace" else Tone.NEUTRAL


def counts(found: Measurements) -> Check:
    """Whether each component has at least D + 1 expected rows, the fewest that determine a covariance matrix."""
    point = found.point
    least = point.n_features + 1
    tiny = [at for at, expected in enumerate(point.counts) if not expected >= least]
    names = ", ".join(f"{point.components[at]} ({decimals(point.counts[at], 1)})" for at in tiny)
    return Check(
        name="Smallest component",
        part=Part.POINT,
        tone=noted(found) if tiny else Tone.GOOD,
        measured=f"{decimals(min(point.counts), 1)} expected rows",
        limit=f"≥ D + 1 = {count(least)} expected rows",
        brief=f"at least {decimals(min(point.counts), 1)} rows in a component",
        finding=f"Too few expected rows to determine a covariance: component {names}.",
        advice="Its shape comes from the prior, not from the data. Try fewer components.",
    )


def cautions(found: Measurements) -> Check | None:
    """What `fit` warned of, word for word; nothing where it did not."""
    said = found.point.cautions
    if not said:
        return None
    return Check(
        name="EM cautions",
        part=Part.POINT,
        tone=Tone.CAUTION,
        measured=plural(len(said), "caution"),
        limit="none",
        brief=", ".join(each.brief for each in said),
        finding=" ".join(each.finding for each in said),
        advice=" ".join(dict.fromkeys(each.advice for each in said)),
    )


def _reached(point: PointMeasurements) -> str:
    return f"{count(point.reached)} of {plural(point.starts, 'start')} from {plural(point.places, 'place')}"


def _optimum_measured(point: PointMeasurements) -> str:
    reached = _reached(point)
    return reached if point.optima < 2 else f"{reached}; next {decimals(point.runner_up, 2)} nats below"


def _alone(point: PointMeasurements) -> str:
    if point.starts == 1:
        return "EM ran from one start only, so nothing says that its optimum is the best."
    if point.reached == 1:
        return f"The best optimum was found by one of {plural(point.starts, 'start')} only."
    return f"The {count(point.reached)} of {plural(point.starts, 'start')} that found the best optimum all began in one place."


def _rival(point: PointMeasurements) -> str:
    return f"Another optimum lies only {decimals(point.runner_up, 2)} nats below the best."

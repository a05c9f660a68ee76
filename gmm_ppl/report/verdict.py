"""From checks to a verdict: one sentence on the whole, one on each part, and the warnings in order of seriousness."""

from collections.abc import Sequence

from gmm_ppl.report.checks import Check, Part
from gmm_ppl.report.checks.posterior import AGREEMENT
from gmm_ppl.report.numbers import count
from gmm_ppl.report.page import Callout, Headline, Standing, Tone


def conclude(checks: Sequence[Check]) -> Headline:
    """The verdict that `checks` support."""
    standings = tuple(_standing(part, [check for check in checks if check.part is part]) for part in Part)
    return Headline(_overall(standings), _sentence(checks), standings)


def warnings(checks: Sequence[Check]) -> tuple[Callout, ...]:
    """One callout for each check that did not pass, the most serious first."""
    raised = sorted((check for check in checks if check.tone.rank > Tone.GOOD.rank), key=lambda check: -check.tone.rank)
    return tuple(Callout(check.tone, check.name, f"{check.finding} Limit: {check.limit}.", check.advice) for check in raised)


def tone_of(checks: Sequence[Check], part: Part) -> Tone:
    """The most serious tone among the checks of one part; NEUTRAL where it has none."""
    tones = [check.tone for check in checks if check.part is part]
    return max(tones, key=lambda tone: tone.rank, default=Tone.NEUTRAL)


def _overall(standings: Sequence[Standing]) -> Tone:
    """A score that cannot be used is a caution for the whole; a point or a posterior that cannot is a failure."""
    score = next(standing.tone for standing in standings if standing.subject == Part.SCORE.value)
    others = [standing.tone for standing in standings if standing.subject != Part.SCORE.value]
    softened = Tone.CAUTION if score is Tone.BAD else score
    return max([*others, softened], key=lambda tone: tone.rank)


def _sentence(checks: Sequence[Check]) -> str:
    point, posterior, score = (tone_of(checks, part) for part in Part)
    if point is Tone.BAD:
        return f"Do not use this fit: {_reasons(checks, Part.POINT, Tone.BAD)}."
    if posterior is Tone.BAD:
        # Where the two are far apart, nothing says which of them is right.
        apart = any(check.name == AGREEMENT and check.tone is Tone.BAD for check in checks)
        stands = "needs care too" if apart or point is Tone.CAUTION else "stands"
        return f"Do not use the posterior draws: {_reasons(checks, Part.POSTERIOR, Tone.BAD)}. The EM point {stands}."
    if Tone.CAUTION in (point, posterior):
        return f"Use with care: {_reasons(checks, None, Tone.CAUTION)}."
    if score.rank > Tone.GOOD.rank:
        advice = "do not use" if score is Tone.BAD else "take care with"
        reason = _reasons(checks, Part.SCORE, score)
        return f"The EM fit and the posterior can be trusted; {advice} the leave-one-out score: {reason}."
    if posterior is Tone.NEUTRAL:
        return "The EM fit can be trusted as a point; no posterior was drawn, so nothing says how uncertain it is."
    return f"The EM fit and the posterior can be trusted: all {count(_passed(checks))} checks passed."


def _passed(checks: Sequence[Check]) -> int:
    """How many there are but for notes."""
    return sum(check.tone is not Tone.NEUTRAL for check in checks)


def _reasons(checks: Sequence[Check], part: Part | None, tone: Tone) -> str:
    """What was measured by the checks of a part (or all) that are as serious as `tone`, at most three."""
    raised = [check.brief for check in checks if check.tone.rank >= tone.rank and part in (None, check.part)]
    more = f" and {count(len(raised) - _MOST_REASONS)} more" if len(raised) > _MOST_REASONS else ""
    return ", ".join(raised[:_MOST_REASONS]) + more


def _standing(part: Part, checks: Sequence[Check]) -> Standing:
    tone = tone_of(checks, part)
    return Standing(tone, part.value, _ABSENT[part] if tone is Tone.NEUTRAL else _words(tone, checks))


def _words(tone: Tone, checks: Sequence[Check]) -> str:
    listed = checks if tone is Tone.GOOD else [check for check in checks if check.tone is tone]
    return f"{_LEADS[tone]}: {', '.join(check.brief for check in listed[:_MOST_EVIDENCE])}."


_MOST_EVIDENCE, _MOST_REASONS = 4, 3
_LEADS = {Tone.GOOD: "can be trusted", Tone.CAUTION: "can be used with care", Tone.BAD: "cannot be trusted"}
_ABSENT = {
    Part.POINT: "not run.",
    Part.POSTERIOR: "not drawn: no uncertainty is attached to any number here.",
    Part.SCORE: "not computed: it needs posterior draws.",
}

"""From checks to a verdict: one sentence on the whole, one on each part, and the warnings in order of seriousness."""

from collections.abc import Sequence

from gmm_ppl.report.checks import Check, Part
from gmm_ppl.report.numbers import count, plural
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
    point, posterior = tone_of(checks, Part.POINT), tone_of(checks, Part.POSTERIOR)
    raised = sum(check.tone.rank > Tone.GOOD.rank for check in checks)
    if point is Tone.BAD:
        reason = next(check.brief for check in checks if check.part is Part.POINT and check.tone is Tone.BAD)
        return f"Do not use this fit: {reason}."
    if posterior is Tone.BAD:
        reason = next(check.brief for check in checks if check.part is Part.POSTERIOR and check.tone is Tone.BAD)
        return (
            f"Do not use the posterior draws ({reason}). The EM point {'needs care too' if point is Tone.CAUTION else 'stands'}."
        )
    if raised:
        return f"Use with care: {count(raised)} of {plural(len(checks), 'check')} {'asks' if raised == 1 else 'ask'} for a look."
    if posterior is Tone.NEUTRAL:
        return "The EM fit can be trusted as a point; no posterior was drawn, so nothing says how uncertain it is."
    return f"The EM fit and the posterior can be trusted: all {count(len(checks))} checks passed."


def _standing(part: Part, checks: Sequence[Check]) -> Standing:
    tone = tone_of(checks, part)
    return Standing(tone, part.value, _ABSENT[part] if tone is Tone.NEUTRAL else _words(tone, checks))


def _words(tone: Tone, checks: Sequence[Check]) -> str:
    listed = checks if tone is Tone.GOOD else [check for check in checks if check.tone is tone]
    return f"{_LEADS[tone]}: {', '.join(check.brief for check in listed[:_MOST_EVIDENCE])}."


_MOST_EVIDENCE = 4
_LEADS = {Tone.GOOD: "can be trusted", Tone.CAUTION: "can be used with care", Tone.BAD: "cannot be trusted"}
_ABSENT = {
    Part.POINT: "not run.",
    Part.POSTERIOR: "not drawn: no uncertainty is attached to any number here.",
    Part.SCORE: "not computed: it needs posterior draws.",
}

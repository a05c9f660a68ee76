"""Checks of what only some engines say: a normal approximation's fit, the evidence, and the modes that chains sit in.

The limit of k̂ is that of Vehtari and others (2024), JMLR 25(72), arXiv:1507.02646.
"""

import math

from gmm_ppl.report.checks.base import Check, Measurements, Part, PosteriorMeasurements, graded
from gmm_ppl.report.checks.score import PARETO_K
from gmm_ppl.report.numbers import count, decimals, percent, plural
from gmm_ppl.report.page import Tone

EVIDENCE_NATS, EVIDENCE_NATS_BAD = 0.5, 2.0
MISSED, MISSED_BAD = 0.01, 0.1
"""Shares of the evidence: below the first no chain would be begun there, above the second draws leave out more than they may."""
_TEMPER = "Run mcmc: {sampler: tempered}, which draws from all modes in the posterior's proportions."


def approximation(found: Measurements) -> Check | None:
    """The k̂ of the importance weights between a normal approximation and the posterior."""
    if found.posterior is None or found.posterior.approximation_k is None:
        return None
    k = decimals(found.posterior.approximation_k, 2)
    return Check(
        name="Normal approximation",
        part=Part.POSTERIOR,
        tone=graded(found.posterior.approximation_k, PARETO_K, PARETO_K),
        measured=f"Pareto k̂ {k}",
        limit=f"≤ {PARETO_K}",
        brief=f"Pareto k̂ of the approximation {k}",
        finding=f"The normal approximation cannot stand for the posterior: Pareto k̂ of its importance weights is {k}.",
        advice="Sample the posterior instead: mcmc: {sampler: nuts}.",
    )


def interrupted(found: Measurements) -> Check | None:
    """Draws that are fewer than were asked for; nothing where all are there."""
    if found.posterior is None or found.posterior.asked is None or found.posterior.draws >= found.posterior.asked:
        return None
    kept = f"{count(found.posterior.draws)} of {count(found.posterior.asked)} draws a chain"
    return Check(
        name="Interrupted",
        part=Part.POSTERIOR,
        tone=Tone.CAUTION,
        measured=kept,
        limit="all of them",
        brief=kept,
        finding=f"The sampler was interrupted: {kept} were made.",
        advice="Run the same command again for the rest.",
    )


def evidence(found: Measurements) -> Check | None:
    """The standard error of the log evidence, how far apart runs are, and how many particles count in effect."""
    posterior = found.posterior
    if posterior is None or posterior.log_evidence_error is None:
        return None
    error = decimals(posterior.log_evidence_error, 2)
    runs = between_runs(posterior)
    # A prior without its constant has no evidence, and draws that may be as good as any.
    unknown = math.isnan(posterior.log_evidence_error)
    return Check(
        name="Log evidence",
        part=Part.POSTERIOR,
        tone=Tone.CAUTION if unknown else graded(posterior.log_evidence_error, EVIDENCE_NATS, EVIDENCE_NATS_BAD),
        measured=f"± {error} nats" + runs,
        limit=f"≤ {EVIDENCE_NATS} nats",
        brief=f"log evidence known to {error} nats",
        finding=f"The evidence is uncertain: the standard error of its logarithm is {error} nats{runs}.",
        advice="Raise mcmc.draws, and with tempering mcmc.moves.",
    )


def between_runs(posterior: PosteriorMeasurements) -> str:
    """What tempered runs say of each other and of themselves, to go on with; nothing where there are none."""
    if posterior.evidence_spread is None or posterior.effective_particles is None:
        return ""
    spread, particles = decimals(posterior.evidence_spread, 2), count(round(posterior.effective_particles))
    return f"; {plural(posterior.chains, 'run')} within {spread} nats, {particles} effective particles in the worst"


def probe(found: Measurements) -> Check | None:
    """Whether splits and merges of draws led to an optimum that weighs something and where no chain was."""
    if found.posterior is None or found.posterior.missed_weight is None:
        return None
    weight = found.posterior.missed_weight
    share = percent(weight)
    return Check(
        name="Modes missed",
        part=Part.POSTERIOR,
        tone=graded(weight, MISSED, MISSED_BAD),
        measured=f"{share} of the evidence" if weight else "none found",
        limit=f"≤ {percent(MISSED)} of the evidence",
        brief=f"a mode with {share} of the evidence that no chain saw" if weight > MISSED else "no mode missed",
        finding=f"Splits and merges of draws led to a mode with about {share} of the evidence, where no chain was.",
        advice=f"Begin there (gp.sample(…, start=draws.probe.missed[0])), or weigh all modes: {_TEMPER[:1].lower()}{_TEMPER[1:]}",
    )


def higher(found: Measurements) -> Check | None:
    """Whether draws led to an optimum above the best that EM's starts had found; nothing where none did."""
    if found.posterior is None or not found.posterior.higher_by:
        return None
    gain = f"{decimals(found.posterior.higher_by, 2)} nats"
    return Check(
        name="Higher optimum",
        part=Part.POINT,
        tone=Tone.CAUTION,
        measured=f"{gain} above the best",
        limit="none above the best",
        brief=f"draws led to an optimum {gain} above EM's best",
        finding=f"Draws led to an optimum {gain} above the best that EM's starts had found.",
        advice="It is draws.probe.higher; raise em.starts to find it.",
    )


def modes(found: Measurements) -> Check | None:
    """Whether chains divide alike between modes, labels apart."""
    if found.posterior is None or found.posterior.modes is None:
        return None
    seen = found.posterior.modes
    number = plural(seen.count, "mode")
    return Check(
        name="Modes",
        part=Part.POSTERIOR,
        tone=Tone.BAD if seen.apart else Tone.GOOD,
        measured=number + (", chains apart" if seen.apart else ""),
        limit="chains divide alike between modes",
        brief=f"chains apart in {number}" if seen.apart else f"{number}, chains alike",
        finding=seen.sentence,
        advice=_TEMPER if found.posterior.engine != "tempered" else "Raise mcmc.draws and mcmc.moves.",
    )

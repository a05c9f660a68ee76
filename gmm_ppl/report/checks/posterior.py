"""Checks of the posterior draws.

Limits: R-hat and effective sample sizes from Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), Bayesian Analysis
16(2), doi:10.1214/20-BA1221; energy from Betancourt (2016), arXiv:1604.00695.
"""

from collections.abc import Callable

from gmm_ppl.report.checks.base import Check, Extreme, Measurements, Part, PosteriorMeasurements, graded
from gmm_ppl.report.numbers import count, decimals, percent, plural
from gmm_ppl.report.page import Tone

RHAT, RHAT_BAD = 1.01, 1.05
ESS_PER_CHAIN, ESS_PER_CHAIN_BAD = 100, 25
DIVERGENT_BAD = 0.01
BFMI, SWITCHES = 0.3, 0.01
AGREEMENT = "EM against posterior"
ABS_Z, ABS_Z_BAD = 3.0, 10.0
"""Of a posterior of any shape at most 1 / (1 + z²) lies as far on one side of its mean (Cantelli): 10 % at 3, 1 % at 10.

Skewness alone seldom comes as far: in 18 simulated problems of 21 to 169 rows and one to five features the largest |z| was 1.3.
The joint mode of a covariance lies by as much below its variances' means the more features there are: of 100 on 120 rows 5 sds.
"""
_INDEPENDENT = ("laplace",)
"""Engines whose draws are independent of one another, of whom R-hat and effective sample sizes say nothing."""
_MORE_DRAWS = "Raise mcmc.draws."
_NOT_BY_DRAWS = "More draws will not help while the chains disagree."
_MIXING = (
    "Do not use the draws. Look at the traces: chains that sit in different places call for more warm-up or fewer components."
)


_ELSEWHERE = "The chains are elsewhere than EM: at most 1 % of any posterior lies that far out."
_COMPARE = "The chains found another mode than EM: compare both in the figure, and let mcmc: {sampler: tempered} weigh them."


def r_hat(found: Measurements) -> Check | None:
    """The largest rank-normalised split R-hat over all parameters, after relabelling; for runs that go through states."""
    return _from(found, lambda posterior: None if posterior.engine in _INDEPENDENT else _r_hat(posterior))


def ess_bulk(found: Measurements) -> Check | None:
    """The smallest bulk effective sample size, which governs posterior means."""
    return _from(found, lambda posterior: _ess("bulk", posterior.min_ess_bulk, posterior, "Posterior means"))


def ess_tail(found: Measurements) -> Check | None:
    """The smallest tail effective sample size, which governs the ends of intervals."""
    return _from(found, lambda posterior: _ess("tail", posterior.min_ess_tail, posterior, "Interval ends"))


def divergences(found: Measurements) -> Check | None:
    """Divergent transitions after warm-up."""
    return _from(found, _divergences)


def tree_depth(found: Measurements) -> Check | None:
    """Trajectories that were cut at the depth limit."""
    return _from(found, _tree_depth)


def energy(found: Measurements) -> Check | None:
    """The smallest energy Bayesian fraction of missing information over chains."""
    return _from(found, _energy)


def agreement(found: Measurements) -> Check | None:
    """The EM point that lies farthest out in its own posterior."""
    return _from(found, _agreement)


def labels(found: Measurements) -> Check | None:
    """Label switches that relabelling had to undo."""
    return _from(found, _labels)


def _from(found: Measurements, check: Callable[[PosteriorMeasurements], Check | None]) -> Check | None:
    return None if found.posterior is None else check(found.posterior)


def _r_hat(posterior: PosteriorMeasurements) -> Check:
    worst = posterior.max_rhat
    tone = graded(worst.value, RHAT, RHAT_BAD)
    return Check(
        name="R-hat",
        part=Part.POSTERIOR,
        tone=tone,
        measured=decimals(worst.value, 4),
        limit=f"≤ {RHAT}",
        brief=f"largest R-hat {decimals(worst.value, 3)}",
        finding=f"The chains disagree: R-hat is {decimals(worst.value, 3)} for {worst.where}.",
        advice=_disagreement(posterior.engine) if tone is Tone.BAD else "Run more draws before quoting anything to two digits.",
    )


def _disagreement(engine: str) -> str:
    return "Do not use the draws. Raise mcmc.draws and mcmc.moves until the runs agree." if engine == "tempered" else _MIXING


def _ess(name: str, worst: Extreme, posterior: PosteriorMeasurements, what: str) -> Check | None:
    if posterior.engine in _INDEPENDENT:
        return None
    chains, least = posterior.chains, ESS_PER_CHAIN * posterior.chains
    return Check(
        name=f"ESS, {name}",
        part=Part.POSTERIOR,
        tone=graded(-worst.value, -least, -ESS_PER_CHAIN_BAD * chains),
        measured=count(worst.value),
        limit=f"≥ {count(least)} ({ESS_PER_CHAIN} a chain)",
        brief=f"smallest {name} ESS {count(worst.value)}",
        finding=f"{what} are noisy: the {name} effective sample size of {worst.where} is {count(worst.value)}.",
        advice=_MORE_DRAWS if posterior.max_rhat.value <= RHAT_BAD else _NOT_BY_DRAWS,
    )


def _divergences(posterior: PosteriorMeasurements) -> Check | None:
    if posterior.divergences is None:
        return None
    share = posterior.divergences / (posterior.chains * posterior.draws)
    # Corners that a gradient leads nowhere in are sampled all the same where assignments are, which need none.
    counts = not posterior.rows_moved
    return Check(
        name="Divergences",
        part=Part.POSTERIOR,
        tone=graded(share, 0.0, DIVERGENT_BAD) if counts or not share else Tone.NEUTRAL,
        measured=count(posterior.divergences),
        brief=plural(posterior.divergences, "divergence") if posterior.divergences else "no divergence",
        limit="0",
        finding=f"{plural(posterior.divergences, 'transition')} diverged ({percent(share)}): "
        + ("parts of the posterior were not explored." if counts else "slow, not wrong, since assignments were sampled between."),
        advice="Use a prior that keeps components from collapsing, or fewer components; then a smaller step size.",
    )


def _tree_depth(posterior: PosteriorMeasurements) -> Check | None:
    # Between moves of rows trajectories are cut short on purpose.
    if posterior.saturated is None or posterior.rows_moved:
        return None
    return Check(
        name="Tree depth",
        part=Part.POSTERIOR,
        # Slow, not wrong: what draws are worth, effective sample sizes say.
        tone=Tone.GOOD if posterior.saturated == 0 else Tone.NEUTRAL,
        measured=f"{percent(posterior.saturated)} at {posterior.depth_limit}",
        limit=f"none at {posterior.depth_limit}",
        brief=f"{percent(posterior.saturated)} of trajectories at the depth limit",
        finding=f"{percent(posterior.saturated)} of the trajectories stopped at the depth limit of "
        f"{posterior.depth_limit}: slow, not wrong.",
        advice="Expect low effective sample sizes; standardise the features or run more warm-up.",
    )


def _energy(posterior: PosteriorMeasurements) -> Check | None:
    if posterior.bfmi is None:
        return None
    worst = min(posterior.bfmi, default=float("nan"))
    return Check(
        name="E-BFMI",
        part=Part.POSTERIOR,
        tone=graded(-worst, -BFMI),
        measured=decimals(worst, 2),
        limit=f"≥ {BFMI}",
        brief=f"smallest E-BFMI {decimals(worst, 2)}",
        finding=f"The energy changes too little between draws (E-BFMI {decimals(worst, 2)}): the tails may not be explored.",
        advice="Run more draws, and compare with a prior that has lighter tails.",
    )


def _agreement(posterior: PosteriorMeasurements) -> Check:
    worst = posterior.max_abs_z
    tone, size = graded(worst.value, ABS_Z, ABS_Z_BAD), decimals(worst.value, 1)
    far, elsewhere = tone is not Tone.GOOD, tone is Tone.BAD
    return Check(
        name=AGREEMENT,
        part=Part.POSTERIOR,
        tone=tone,
        measured=f"|z| ≤ {decimals(worst.value, 2)}",
        limit=f"|z| ≤ {ABS_Z:g}",
        brief=f"EM {size} sd from the posterior" if far else f"EM within {size} sd of the posterior",
        finding=f"The EM point of {worst.where} lies {size} posterior sds from the posterior mean."
        + (f" {_ELSEWHERE}" if elsewhere else ""),
        advice=_COMPARE if elsewhere else f"Either the posterior is very skewed there, or {_COMPARE[0].lower()}{_COMPARE[1:]}",
    )


def _labels(posterior: PosteriorMeasurements) -> Check | None:
    # Draws that follow no path have no labels to switch from.
    if posterior.engine != "nuts":
        return None
    switches = posterior.label_switches
    most = SWITCHES * posterior.chains * posterior.draws
    return Check(
        name="Label switches",
        part=Part.POSTERIOR,
        # Whatever follows from it, R-hat of the relabelled draws says.
        tone=Tone.GOOD if switches <= most else Tone.NEUTRAL,
        measured=count(switches),
        limit=f"≤ {count(most)} ({percent(SWITCHES)} of draws)",
        brief=plural(switches, "label switch", "label switches") if switches else "no label switch",
        finding=f"{plural(switches, 'label switch', 'label switches')} had to be undone after sampling.",
        advice="Component-wise numbers rest on the relabelling; densities, predictions and LOO do not depend on labels.",
    )

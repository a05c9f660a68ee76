"""`sample`: NUTS (Hoffman & Gelman 2014, jmlr.org/papers/v15/hoffman14a.html) from the EM point."""

import time
import warnings
from dataclasses import replace

from gmm_ppl.compiled import one_blas_thread
from gmm_ppl.errors import FitWarning
from gmm_ppl.inference.arguments import check_between, check_count
from gmm_ppl.inference.base import NutsFit, PointFit
from gmm_ppl.inference.beginning import begun
from gmm_ppl.inference.nuts.probe import probe
from gmm_ppl.inference.nuts.run import Settings, run
from gmm_ppl.inference.optima import weighed
from gmm_ppl.inference.prepared import Prepared
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.model.specification import Mixture
from gmm_ppl.progress import Progress, watched
from gmm_ppl.types import in_float64


@in_float64
def sample(
    mixture: Mixture,
    data: object,
    *,
    start: PointFit | None = None,
    seed: int = 0,
    chains: int = 4,
    draws: int = 1000,
    warmup: int | None = None,
    target_acceptance: float = 0.8,
    max_tree_depth: int = 10,
    max_thinning: int = 8,
    progress: Progress | None = None,
) -> NutsFit:
    """Posterior draws by NUTS, in coordinates centred on and whitened at the mode above the EM point.

    Where the normal law at the mode is no good description of the posterior, three things are done beside: assignments of many
    rows are moved at once (`reassignment`, under conjugate priors); chains go on until they agree (`length`); and where draws
    lead to an optimum with a hundredth of the evidence that no chain has visited (`probe`), sampling is begun again with a chain
    there.

    Args:
        mixture: the specification; its prior must be proper.
        data: rows (N, D), in any form that `fit` takes.
        start: an EM fit to start from; by default one is made with the same seed. Where its starts ended in several optima,
            chains are dealt out to those with a hundredth of the evidence (`optima`), so that R-hat sees what is apart, and the
            heaviest is the `start` of what comes out: where components are small the highest may weigh next to nothing. The fit
            says what each weighs.
        seed: of the chains' starts and moves.
        chains: how many, each started overdispersed around its mode.
        draws: kept draws a chain.
        warmup: transitions a chain that adapt step size and metric in Stan's windows, and are dropped. By default the rule of
            `adaptation.adaptation` chooses: 75 for the step size alone where the normal approximation at the mode is good, else
            500 in windows, or 150 beside moves of assignments. The fit says which, and why.
        target_acceptance: 0 < · < 1; higher takes smaller steps.
        max_tree_depth: at most 2^depth leapfrog steps a transition; 2⁴ where assignments are moved between.
        max_thinning: at most so many transitions a kept draw: doubled from 1 until R-hat of weights, volumes and the log
            density is below 1.008 and each has 500 effective draws.
        progress: called as it goes on; as in `fit`.

    Returns:
        Draws in the sampler's own labels. Ctrl-C once there are draws returns those, with a warning.

    Raises:
        InputError: an improper prior, arguments out of range, or a start that does not fit.
        FitError: no density to follow where the chains would begin.
    """
    check_arguments(chains, draws, warmup, target_acceptance, max_tree_depth, max_thinning)
    given, target, point = begun(mixture, data, start, seed=seed, progress=progress)
    settings = Settings(seed, chains, draws, warmup, target_acceptance, max_tree_depth, max_thinning)
    began = time.monotonic()
    with watched(progress) as watching, one_blas_thread():
        made = runs(given, target, point, settings, watching)
    return replace(made, seconds=time.monotonic() - began)


def runs(given: Prepared, target: Posterior, point: PointFit, settings: Settings, progress: Progress) -> NutsFit:
    """A run, or a second one begun at what the draws of the first led to and no chain had visited."""
    made = run(given.mixture, target, weighed(target, point), settings, progress)
    try:
        made = probed(given, target, made)
        made = again(given, target, made, point, settings, progress)
    except KeyboardInterrupt:
        warnings.warn("NUTS: interrupted; draws were kept, though they may have missed modes.", FitWarning, stacklevel=4)
    return made


def again(given: Prepared, target: Posterior, made: NutsFit, point: PointFit, settings: Settings, progress: Progress) -> NutsFit:
    """Another run with chains at what one missed; the same where it missed nothing."""
    missed = made.probe.missed if made.probe else ()
    if not missed:
        return made
    found = weighed(target, replace(point, rivals=(*point.rivals, *missed)))
    return probed(given, target, run(given.mixture, target, found, settings, progress))


def probed(given: Prepared, target: Posterior, made: NutsFit) -> NutsFit:
    """A run with what its draws lead to, unless it was interrupted."""
    return made if made.interrupted else replace(made, probe=probe(given, target, made.optima, made.parameters, made.seed))


def check_arguments(
    chains: int, draws: int, warmup: int | None, target_acceptance: float, max_tree_depth: int, max_thinning: int
) -> None:
    """Refuse settings that no run can have."""
    counts = {"chains": chains, "draws": draws, "max_tree_depth": max_tree_depth, "max_thinning": max_thinning}
    for name, value in counts.items():
        check_count(name, value)
    if warmup is not None:
        check_count("warmup", warmup, low=0)
    check_between("target_acceptance", target_acceptance, 0, 1)

"""`sample` itself, with fewer draws a chain."""

from typing import Any

from gmm_ppl.calibration.engines.base import Drawn, Simulated, drawn
from gmm_ppl.inference.nuts.sample import sample
from gmm_ppl.progress import silent

CHAINS = 4
"""Of `sample`, where the caller says nothing."""

THINNING = 12
"""Transitions of all chains together for each draw that is ranked. Of 600 data sets of 20 rows under a separated prior, whose
posteriors have several modes each, 81 % are then worth 63 independent draws in the slowest quantity; of every third one, 31 %.
"""


def nuts(simulated: Simulated, wanted: int, /, **settings: Any) -> Drawn:
    """Chains of `sample`, from its own starts, with its own warm-up."""
    chains = settings.get("chains", CHAINS)
    each = {**settings, "chains": chains, "draws": -(-wanted * THINNING // chains)}
    found = sample(simulated.mixture, simulated.x, start=simulated.start, seed=simulated.seed, progress=silent, **each)
    statistics = found.sampler_statistics
    divergences, steps = float(statistics["diverging"].sum()), float(statistics["n_steps"].mean())
    return drawn(found, divergences=divergences, leapfrog_steps=steps, warmup=float(found.warmup))

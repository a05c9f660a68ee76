"""`laplace`, its draws drawn anew by importance."""

from typing import Any

from gmm_ppl.calibration.engines.base import Drawn, Simulated, drawn
from gmm_ppl.inference.mode.laplace import laplace as approximate
from gmm_ppl.progress import silent


def laplace(simulated: Simulated, wanted: int, /, **settings: Any) -> Drawn:
    """Draws from the normal law at the mode, resampled by importance (Rubin 1987, doi:10.2307/2289460)."""
    found = approximate(simulated.mixture, simulated.x, start=simulated.start, seed=simulated.seed, progress=silent, **settings)
    return drawn(found.resampled(wanted, simulated.seed), pareto_k=found.pareto_k)

"""`temper` itself."""

from typing import Any

from gmm_ppl.calibration.engines.base import Drawn, Simulated, drawn
from gmm_ppl.inference.smc.tempered import temper
from gmm_ppl.progress import silent


def tempered(simulated: Simulated, wanted: int, /, **settings: Any) -> Drawn:
    """Particles of tempered sequential Monte Carlo, which share neither starts nor moves with NUTS."""
    found = temper(simulated.mixture, simulated.x, start=simulated.start, seed=simulated.seed, progress=silent, **settings)
    return drawn(found, log_evidence_error=found.log_evidence_error)

"""The registry of engines that can be calibrated: a new one is one file beside this one and one line here."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from gmm_ppl.calibration.engines.base import Drawn, Engine, Simulated
from gmm_ppl.calibration.engines.laplace import laplace
from gmm_ppl.calibration.engines.nuts import nuts
from gmm_ppl.calibration.engines.tempered import tempered

__all__ = ["ENGINES", "Drawn", "Engine", "Simulated"]

ENGINES: Mapping[str, Callable[..., Drawn]] = MappingProxyType({"nuts": nuts, "laplace": laplace, "tempered": tempered})

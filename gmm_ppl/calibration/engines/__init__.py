"""The registry of engines that can be calibrated: a new one is one file beside this one and one line here."""

from collections.abc import Mapping
from types import MappingProxyType

from gmm_ppl.calibration.engines.base import Drawn, Engine
from gmm_ppl.calibration.engines.laplace import laplace
from gmm_ppl.calibration.engines.nuts import nuts

__all__ = ["ENGINES", "Drawn", "Engine"]

ENGINES: Mapping[str, Engine] = MappingProxyType({"nuts": nuts, "laplace": laplace})

"""What an engine of a calibration is: whatever draws from the posterior given simulated rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gmm_ppl.inference.base import DrawsFit, PointFit
from gmm_ppl.inference.em.fit import fit
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.model.specification import Mixture
from gmm_ppl.priors.base import Sites
from gmm_ppl.progress import silent


@dataclass(frozen=True, eq=False)
class Simulated:
    """Rows of one replication as an engine is given them: nothing of the parameters behind them.

    `em` are arguments of `fit`, which makes the point that an engine begins at; none leaves that to the engine.
    """

    mixture: Mixture
    posterior: Posterior
    seed: int
    em: Mapping[str, Any]

    @property
    def x(self) -> np.ndarray:
        """Rows (N, D)."""
        return np.asarray(self.posterior.x)

    @property
    def start(self) -> PointFit | None:
        """The EM point to begin at, where the caller has wishes of it."""
        return fit(self.mixture, self.x, seed=self.seed, progress=silent, **self.em) if self.em else None


@dataclass(frozen=True, eq=False)
class Drawn:
    """Draws of every site with leading axes (chain, draw), and the engine's own numbers on how it went, one each."""

    sites: Sites
    notes: Mapping[str, float]


Engine = Callable[[Simulated, int], Drawn]
"""(rows, draws) → `Drawn`: chains worth at least so many independent draws, which are taken from them evenly.

FitError or InputError says that there are none.
"""


def drawn(fit: DrawsFit, **notes: float) -> Drawn:
    """What a sampler of the library answered with."""
    return Drawn(fit.sites, notes)

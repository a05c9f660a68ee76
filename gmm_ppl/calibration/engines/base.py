"""What an engine of a calibration is: posterior draws for one data set, in pure JAX, so that many are made side by side."""

from collections.abc import Callable

import equinox as eqx

from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.base import Sites
from gmm_ppl.types import Array, Bool, Float


class Drawn(eqx.Module):
    """L draws for one replication, roughly independent.

    `unconstrained` has a leading axis L; `usable` says whether there are draws at all; `notes` are the engine's own numbers on
    how it went, one each.
    """

    unconstrained: Sites
    usable: Bool[Array, ""]
    notes: dict[str, Float[Array, ""]]


Engine = Callable[[Posterior, Array, int], Drawn]
"""(posterior, key, draws) → `Drawn`; must work under `jax.vmap`, and know nothing of the parameters behind the rows."""

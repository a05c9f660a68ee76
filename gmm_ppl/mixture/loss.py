"""What rounding costs a pass over the rows, and where the fast form gives way to the stable one."""

from gmm_ppl.mixture.expanded import expanded_size
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.namespace import namespace
from gmm_ppl.types import Array, Float

LARGEST_LOSS = {"float64": 2e-11, "float32": 1e-2}
"""Nats that a row's log density may lose to expanding the square, before the residual form takes over."""


def expanding_loss(rows: Rows, parameters: MixtureParameters, precision: Array | None = None) -> Float[Array, "..."]:
    """Nats that a row's log density may lose to rounding in the expanded square: ε (distance / σ)², the worst component's."""
    xp = namespace(rows.columns, parameters.means)
    size = expanded_size(parameters, rows.origin + rows.centre, rows.reach, precision)
    return xp.finfo(rows.columns.dtype).eps * size.max(axis=-1)


def rounding_loss(rows: Rows, parameters: MixtureParameters) -> Float[Array, "..."]:
    """Nats that the pass may lose a row, whichever form it takes."""
    xp = namespace(rows.columns, parameters.means)
    return xp.minimum(expanding_loss(rows, parameters), LARGEST_LOSS[rows.columns.dtype.name])

"""What starts share: from memberships of rows to starting parameters that are never singular."""

from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.residuals import statistics_of_memberships
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.priors import AbstractConjugatePrior
from gmm_ppl.types import Array, Float


def parameters_of_memberships(
    rows: Rows, memberships: Float[Array, "N K"], shape: MixtureShape, weak: AbstractConjugatePrior
) -> MixtureParameters:
    """The M-step of the weak default prior, whatever prior the fit has: a cluster of one row still gets a covariance."""
    return weak.maximise(statistics_of_memberships(rows, memberships, matrix=shape.family.matrix), shape)

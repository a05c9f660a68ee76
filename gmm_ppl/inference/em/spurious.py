"""Spurious maxima: spikes on a few rows, where a density without a maximum has one all the same."""

import numpy as np

from gmm_ppl.inference.base import EMPTY
from gmm_ppl.inference.prepared import Prepared
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.priors.base import AbstractConjugatePrior
from gmm_ppl.types import Bool, Float


def on_few_rows(prepared: Prepared, weights: Float[np.ndarray, "... K"]) -> Bool[np.ndarray, "... K"]:
    """Which components, with hardly more rows than numbers of their own, are spikes.

    The likelihood grows without bound as a component closes in on a few rows, and only a proper conjugate prior stops it; what
    local maxima there are on the way say nothing of groups (McLachlan & Peel 2000, doi:10.1002/0471721182, §3.10).
    """
    rows, own = weights * float(prepared.rows.total), numbers_of_one(prepared.shape)
    held = isinstance(prepared.prior, AbstractConjugatePrior) and prepared.prior.proper
    # Where components share their spread, a mean of one's own makes no spike.
    if held or own == prepared.shape.features:
        return np.zeros(rows.shape, dtype=bool)
    return (rows <= own + 1) & (weights >= EMPTY)


def numbers_of_one(shape: MixtureShape) -> int:
    """Numbers that each component has to itself, but for its weight."""
    one = MixtureShape(1, shape.features, shape.family)
    own = [part.count(1, shape.features) for part in one.parts[1:] if part.component_axis is not None]
    return sum(own)

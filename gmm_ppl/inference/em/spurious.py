"""Spurious maxima: spikes on a few rows, where a density without a maximum has one all the same."""

import numpy as np

from gmm_ppl.inference.base import EMPTY
from gmm_ppl.inference.prepared import Prepared
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.triangular import diagonal
from gmm_ppl.priors.base import AbstractConjugatePrior
from gmm_ppl.types import Bool, Float

THIN, ROWS_OF_THIN = 1e-3, 5
"""Share of the mean covariance that a component's has in some direction, and rows a number of its own, below which it is thin.

Of 72 maximum likelihood fits with as many components as normal groups, whose variances differed up to a hundredfold, none had
such a component; of 144 with one component or three too many 27 had, on 0.3 to 3.3 rows a number. Of the bundled data galaxies
with five to nine components, Old Faithful with four to six and iris with eight have one, and no fit with fewer.
"""


def on_few_rows(prepared: Prepared, weights: Float[np.ndarray, "... K"]) -> Bool[np.ndarray, "... K"]:
    """Which components, with hardly more rows than numbers of their own, are spikes.

    The likelihood grows without bound as a component closes in on a few rows, and only a proper conjugate prior stops it; what
    local maxima there are on the way say nothing of groups (McLachlan & Peel 2000, doi:10.1002/0471721182, §3.10).
    """
    rows = weights * float(prepared.rows.total)
    return can_be_spikes(prepared) & (rows <= numbers_of_one(prepared.shape) + 1) & (weights >= EMPTY)


def thin(prepared: Prepared, parameters: MixtureParameters) -> Bool[np.ndarray, " K"]:
    """Which components on few rows have next to no variance in a direction, beside the mean covariance Σ_k π_k Σ_k."""
    rows = parameters.weights * float(prepared.rows.total)
    few = (rows <= ROWS_OF_THIN * numbers_of_one(prepared.shape)) & (parameters.weights >= EMPTY)
    if not (can_be_spikes(prepared) and few.any()):
        return np.zeros_like(few)
    return few & (thickness(parameters) < THIN)


def thickness(parameters: MixtureParameters) -> Float[np.ndarray, " K"]:
    """The least uᵀ Σ_k u / uᵀ (Σ_j π_j Σ_j) u over directions u."""
    mean = np.einsum("k,kde->de", parameters.weights, parameters.covariances)
    units = np.sqrt(diagonal(mean))
    values, axes = np.linalg.eigh(mean / units[:, None] / units)
    columns = units[:, None] * axes * np.sqrt(values.clip(min=0))
    each = np.broadcast_to(columns.T[:, None], (units.size, *parameters.means.shape))
    whitened = np.asarray(parameters.covariance.rooted().whiten(each))
    return 1 / np.linalg.norm(np.swapaxes(whitened, 0, 1), ord=2, axis=(-2, -1)) ** 2


def can_be_spikes(prepared: Prepared) -> bool:
    """Whether no proper conjugate prior holds components, each of which has a spread of its own."""
    held = isinstance(prepared.prior, AbstractConjugatePrior) and prepared.prior.proper
    # Where components share their spread, a mean of one's own makes no spike.
    return not held and numbers_of_one(prepared.shape) != prepared.shape.features


def numbers_of_one(shape: MixtureShape) -> int:
    """Numbers that each component has to itself, but for its weight."""
    one = MixtureShape(1, shape.features, shape.family)
    own = [part.count(1, shape.features) for part in one.parts[1:] if part.component_axis is not None]
    return sum(own)

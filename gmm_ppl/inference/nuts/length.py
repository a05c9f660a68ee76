"""How long chains go on: until they agree and have moved enough, as far as that is allowed."""

import numpy as np

from gmm_ppl.inference.mixing import effective, r_hat
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.triangular import diagonal
from gmm_ppl.types import Float

LARGEST_R_HAT = 1.008
"""Above it chains go on; somewhat below the 1.01 that a report allows, because it asks more quantities."""

FEWEST = 500
"""Effective draws below which chains go on, in the bulk and in the tails; a report asks for 400."""

JUDGED = 1000
"""Draws of all chains below which neither says much, and chains stop where they were asked to."""


def have_agreed(parameters: MixtureParameters, log_density: Float[np.ndarray, "C M"]) -> bool:
    """Whether chains agree about what does not depend on labels, and about the log density."""
    if log_density.size < JUDGED:
        return True
    draws = invariants(parameters, log_density)
    return bool(
        (r_hat(draws) <= LARGEST_R_HAT).all() and all((effective(draws, each) >= FEWEST).all() for each in ("bulk", "tail"))
    )


def invariants(parameters: MixtureParameters, log_density: Float[np.ndarray, "C M"]) -> Float[np.ndarray, "C M Q"]:
    """The log density, weights by size, and components' log variances, summed over features, by size."""
    variances = np.log(diagonal(parameters.covariances)).sum(axis=-1)
    return np.concatenate([log_density[..., None], np.sort(parameters.weights), np.sort(variances)], axis=-1)

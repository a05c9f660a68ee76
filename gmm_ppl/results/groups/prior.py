"""Draws from the prior, so that it can be looked at beside the posterior."""

import numpy as np

from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.model.specification import resolved_prior
from gmm_ppl.records import map_arrays
from gmm_ppl.results.labels import SAMPLE, variables_of
from gmm_ppl.results.material import Groups, Material
from gmm_ppl.types import in_float64

PURPOSE = 0


def prior_group(material: Material) -> Groups:
    """Weights, means and covariances drawn from the prior, one chain; absent where it is improper or not asked for."""
    if not resolved_prior(material.mixture).proper:
        return Groups({}, ("prior: it is flat, an improper density that cannot be drawn from.",))
    if material.prior_draws == 0:
        return Groups({})
    return Groups({"prior": material.labelled(variables_of(drawn(material), sample=SAMPLE))})


@in_float64
def drawn(material: Material) -> MixtureParameters:
    """Parameters with leading axes (1, draw)."""
    from gmm_ppl.results.programs import draws_of_prior, key_of

    key = key_of(np.asarray(material.seed), PURPOSE)
    draws = draws_of_prior(resolved_prior(material.mixture), material.shape, key, material.prior_draws)
    return map_arrays(lambda leaf: np.asarray(leaf)[None], draws)

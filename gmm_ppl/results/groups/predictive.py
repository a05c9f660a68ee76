"""Replicated data sets from posterior draws, to hold against the data."""

import numpy as np

from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.results.evaluate import batch_of, select_draws
from gmm_ppl.results.labels import SAMPLE
from gmm_ppl.results.limits import spaced
from gmm_ppl.results.material import Groups, Material
from gmm_ppl.results.relabel import RelabelledDraws
from gmm_ppl.types import Float, in_float64

PURPOSE = 1


def predictive_group(material: Material, draws: RelabelledDraws) -> Groups:
    """A data set, x (obs, feature), for some draws, evenly spaced, which keep their numbers."""
    chains, each = draws.permutation.shape[:2]
    wanted = material.predictive_draws // chains
    affordable = material.limits.replicated // (chains * material.table.values.size)
    if min(wanted, affordable) == 0:
        return Groups({}, () if wanted == 0 else (too_large(material, 0),))
    kept = spaced(each, min(wanted, affordable))
    x = replicated(select_draws(draws.parameters, kept), material.seed, len(material.table))
    dataset = material.labelled({"x": ((*SAMPLE, "obs", "feature"), x)}, draw=kept)
    fewer = kept.size < min(wanted, each)
    return Groups({"posterior_predictive": dataset}, (too_large(material, chains * kept.size),) if fewer else ())


def too_large(material: Material, kept: int) -> str:
    """What the reader of the file should know."""
    rows, features = material.table.values.shape
    return (
        f"posterior_predictive: {kept} replicated data sets instead of {material.predictive_draws}, since {rows} rows × "
        f"{features} features each would be more than {material.limits.replicated} numbers."
    )


@in_float64
def replicated(draws: MixtureParameters, seed: int, rows: int) -> Float[np.ndarray, "chain draw N D"]:
    """`rows` rows from the mixture of every draw."""
    from gmm_ppl.results.programs import key_of, replicated_rows

    chains, each, _, features = draws.means.shape
    block = min(rows, batch_of(draws.means[0, 0].size))
    found = np.asarray(replicated_rows(draws, key_of(np.asarray(seed), PURPOSE), -(-rows // block), block))
    return found.reshape(chains, each, -1, features)[:, :, :rows]
